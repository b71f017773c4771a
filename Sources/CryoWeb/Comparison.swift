import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import CryoReport
import Foundation

/// Two runs' maps side by side, the second laid upon the first.
struct Comparison: Sendable {
    let first: any RunSource
    let second: any RunSource

    /// The page, which waits for ``result()`` if it is not known yet.
    func page(navigation: String, known: String?) -> String {
        let title = "\(second.name) upon \(first.name)"
        return RunPage.frame(
            title, depth: 3, scripts: known == nil ? ["viewer.js", "compare.js"] : ["viewer.js"],
            """
            \(navigation)
            <h1>\(HTML.escaped(title))</h1>
            <div id="comparison">\(known ?? Self.waiting)</div>
            """)
    }

    private static let waiting =
        "<p class=\"lead\">Laying one map upon the other: all rotations, shifts and both hands …</p>"

    /// Everything that belongs to one version of the two runs.
    var key: String { [first, second].map { "\($0.folder) \($0.look().version)" }.joined(separator: " ") }

    /// What there is to see; takes some seconds of all processors.
    func result() -> String {
        guard let fixed = Self.map(first), let moving = Self.map(second) else {
            return "<p class=\"warning\">One of the runs has no density yet.</p>"
        }
        let alignment = MapAlignment(moving, to: fixed)
        let placement = alignment.superposition
        let angles = placement.rotation.eulerAngles
        let facts = [
            ("\(HTML.text(alignment.fsc.resolution(at: 0.5), 1)) Å", "FSC 0.5 between them"),
            ("\(HTML.text(alignment.fsc.resolution(at: 0.143), 1)) Å", "FSC 0.143"),
            (placement.isMirrored ? "mirrored" : "same", "hand"),
            (
                [angles.rot, angles.tilt, angles.psi].map { HTML.text($0.degrees, 0) + "°" }.joined(
                    separator: " "),
                "turned by rot, tilt, psi"
            ),
        ]
        return """
            <ul class="facts">\(facts.map { "<li><b>\($0.0)</b>\($0.1)</li>" }.joined())</ul>
            <div class="grid">
            \(surface("first", first.name, fixed))
            \(surface("second", second.name, alignment.aligned))
            \(curve(alignment))
            \(settings)
            \(sections([fixed, alignment.aligned]))
            </div>
            """
    }

    private func surface(_ id: String, _ name: String, _ map: Volume) -> String {
        """
        <figure id="\(id)"><h2>\(HTML.escaped(name))</h2>
        \(VolumeViewer(map, threshold: map.level(enclosing: 0.7) ?? 0).html)
        <figcaption>The surface that encloses 70 % of the density. Both turn together.</figcaption></figure>
        """
    }

    private func curve(_ alignment: MapAlignment) -> String {
        func series(_ name: String, _ fsc: FourierShellCorrelation, isDashed: Bool = false) -> LinePlot.Series
        {
            let points = fsc.correlations.enumerated().dropFirst().map {
                (x: Double($0) / fsc.boxLength, y: $1)
            }
            return LinePlot.Series(name: name, points: points, isDashed: isDashed)
        }
        let plot = LinePlot(
            title: "Fourier shell correlation between the maps", xLabel: "resolution (Å), evenly in 1/Å",
            yLabel: "FSC", xScale: .resolution,
            series: [
                series("this hand", alignment.fsc),
                series("the other hand", alignment.otherHand, isDashed: true),
            ],
            thresholds: [(0.143, "0.143"), (0.5, "0.5")], yRange: -0.05...1)
        return HTML.figure(
            "between", plot.title, plot.svg,
            reading: """
                In a soft sphere, after the second map was laid upon the first. Random starts that agree to detail have found the same \
                molecule; images do not tell the hand, so mirrored maps are as good.
                """, csv: plot.csv)
    }

    private func sections(_ maps: [Volume]) -> String {
        let picture =
            (try? HTML.image(
                Picture(montageOf: maps, tileSize: 190), alt: "Slices and projections of both maps")) ?? ""
        return """
            <figure id="sections" class="wide"><h2>Slices and projections</h2>\(picture)
            <figcaption>Above \(HTML.escaped(first.name)), below \(HTML.escaped(second.name)). Left the planes through the middle, right \
            sums, across and along z, y and x.</figcaption></figure>
            """
    }

    private var settings: String {
        let sights = [first, second].map { $0.look() }
        let facts = sights.map { RunFacts($0.iterations) }
        func row(_ name: String, _ values: [String]) -> String {
            "<tr><th>\(name)</th>\(values.map { "<td>\(HTML.escaped($0))</td>" }.joined())</tr>"
        }
        let rows = [
            row("run", [first.name, second.name]), row("state", sights.map(\.state.rawValue)),
            row("what", sights.map(\.subtitle)),
            row(
                "resolution limit", facts.map { $0.map { HTML.text($0.latest.resolution, 1) + " Å" } ?? "–" }),
            row(
                "evidence an image",
                facts.map { $0.map { HTML.text($0.latest.logEvidence, 1) + " nats" } ?? "–" }),
            row("half-sets agree", facts.map { $0?.agreement.map { HTML.text($0, 2) } ?? "–" }),
            row("iterations", facts.map { $0.map { "\($0.latest.iteration + 1)" } ?? "–" }),
            row("time", facts.map { $0.map { DurationText.text(seconds: $0.latest.seconds) } ?? "–" }),
        ]
        return """
            <figure id="settings" class="pair"><h2>The runs</h2><table>\(rows.joined())</table>
            <figcaption>Evidence compares only at the same limit and with the same images.</figcaption></figure>
            """
    }

    /// The map of a run, or its density so far.
    private static func map(_ run: any RunSource) -> Volume? {
        if let figures = run.look().figures { return figures().map }
        return try? MRCFile.readVolume((run.folder as NSString).appendingPathComponent("map.mrc"))
    }
}
