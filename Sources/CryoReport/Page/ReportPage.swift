import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import Foundation

/// `report.html`: everything about a run on one page that needs nothing but itself.
///
/// It is made from what is in the run folder, so it can be made again at any time.
public struct ReportPage {
    let record: RunRecord
    let map: Volume
    /// The poses of the run.
    let particles: [Particle]
    /// The images, if they are still where the run found them.
    let images: ParticleSet?
    private let name: String
    private let particleFile: String
    /// Whether the map is the one that the record tells of; so too where the record does not say.
    public var hasItsMap: Bool { record.hashes.map { $0.map == ContentHash.digits(of: map) } ?? true }
    /// Whether the images were found.
    public var hasItsImages: Bool { images != nil }
    /// Whether the poses are those that the record tells of; so too where the record does not say.
    public var hasItsPoses: Bool {
        record.hashes.map { $0.poses == (try? ContentHash.digits(ofPosesIn: particleFile)) } ?? true
    }

    /// Reads a run folder.
    ///
    /// - Throws: ``CryoFiles/FileError`` if a result is missing or damaged, ``CryoReconstruction/RunFolderError`` if the
    ///   record is.
    public init(folder: String) throws {
        func file(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }
        let run = try RunFolder(resuming: folder)
        record = try run.record()
        map = try MRCFile.readVolume(file("map.mrc"))
        // What the run was given, which may be looked at from another working folder.
        let plan = try? run.plan()
        let origin =
            plan?.origin ?? ParticleSet.Origin(workingFolder: nil, starFile: record.input)
        particleFile = file("particles.star")
        images = try? ParticleSet(starFile: particleFile, root: plan?.root, origin: origin)
        particles = try images?.particles ?? ParticleSet.listing(starFile: particleFile).particles
        name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
    }

    private var figures: RunFigures {
        var poses = [Int: Pose]()
        for (index, particle) in particles.enumerated() { poses[index] = particle.pose }
        return RunFigures(
            iterations: record.iterations, map: map, poses: poses, resolution: record.resolution,
            noiseVariance: record.noiseVariance, boxLength: Double(map.boxSize) * map.pixelSize,
            shiftExtent: record.parameters.shiftExtent, images: images, isDark: record.contrast.sign < 0)
    }

    /// The page.
    ///
    /// - Throws: ``PNGError`` if a picture cannot be made.
    public func html() throws -> String {
        try html(
            head: "<style>\n\(PageStyle.css)\n</style>", navigation: "",
            scripts: "<script>\n\(VolumeViewer.script)\n</script>")
    }

    /// The page with its style and scripts as somebody else provides them.
    ///
    /// - Throws: ``PNGError`` if a picture cannot be made.
    package func html(head: String, navigation: String, scripts: String) throws -> String {
        let figures = try figures.all()
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(HTML.escaped(name)) · Daybreak</title>
            \(head)
            </head>
            <body>
            <main>
            \(navigation)
            \(heading)
            <div class="grid">
            \(try density())
            \(figures.map(\.html).joined(separator: "\n"))
            \(account)
            \(settings)
            </div>
            </main>
            \(scripts)
            </body>
            </html>

            """
    }

    private var heading: String {
        let facts =
            [
                record.resolution.map { resolution in
                    guard let supported = resolution.supported else {
                        return ("none", "resolution that unseen images support")
                    }
                    return (
                        "\(HTML.text(supported, 1)) Å",
                        resolution.isAtLimit == true
                            ? "half-sets agree to, as far as the pixels go" : "half-sets agree to"
                    )
                },
                ("\(record.particles.used)", "particles with a pose"),
                record.nullCheck.map {
                    ("\(HTML.text($0.gain, 1)) nats", "what unseen images gain from detail")
                },
                record.particles.medianTurn.map {
                    (ParticleAccount.text(angleError: $0), "orientations known to, at their peaks")
                },
                (DurationText.text(seconds: record.seconds), "\(record.threads) threads"),
            ].compactMap { $0 }
        return """
            <h1>\(HTML.escaped(name))</h1>
            <p class="soft">\(HTML.escaped(record.input)) · \(record.particleCount) particles · symmetry \
            \(HTML.escaped(record.parameters.symmetry)) · seed \(record.parameters.seed) · Daybreak \(HTML.escaped(record.version))</p>
            <p class="lead \(isConvincing ? "good" : "bad")" id="verdict">\(verdict)</p>
            <ul class="facts">\(facts.map { "<li><b>\($0.0)</b>\($0.1)</li>" }.joined())</ul>
            \(remarkOnNegativeValues)
            """
    }

    private var remarkOnNegativeValues: String {
        guard let check = record.positivityCheck, !check.isKept else { return "" }
        return
            "<p class=\"soft\">Unseen images prefer the density with its negative values, by \(HTML.text(check.gain, 1)) nats each, "
            + "so the maps keep them.</p>"
    }

    private var isConvincing: Bool { record.doubts.isEmpty }

    /// Whether it succeeded, in one sentence, and what speaks against it.
    private var verdict: String {
        let detail = record.resolution.map { " to \(HTML.text($0.corrected0143, 1)) Å" } ?? ""
        if let caution = record.caution { return HTML.escaped(caution) }
        guard record.resolution != nil else {
            return "A density was found; without half-sets nothing is known of its resolution."
        }
        let confirmation = record.nullCheck == nil ? "" : ", and images that its half never saw confirm it"
        return "The molecule was found\(detail)\(confirmation)."
    }

    private func density() throws -> String {
        let threshold = map.level(enclosing: 0.7) ?? 0
        let surface = try HTML.image(
            Picture(surfaceOf: map, threshold: threshold), alt: "The density's surface from three sides")
        return """
            <figure id="map">
            <h2>The map</h2>
            \(VolumeViewer(map, threshold: threshold).html)
            <div class="still">\(surface)</div>
            <figcaption>\(RunFigures.surfaceReading)</figcaption>
            </figure>
            """
    }

    private var account: String {
        let particles = record.particles
        let reasons = record.setAside.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
        let rows: [(String, String)] =
            [
                ("in the input", "\(record.particleCount)"), ("with a pose", "\(particles.used)"),
                ("of them probably images of nothing", "\(particles.junk)"),
                ("set aside", "\(particles.setAside)"),
            ] + reasons.map { ("· " + $0.key, "\($0.value)") }
        return HTML.figure(
            "particles", "Every particle", HTML.table(rows),
            reading: """
                Particles are set aside only if they cannot be read, repeat another's image or stand out from the set by an order of magnitude \
                (set-aside.star). rlnParticleFigureOfMerit in particles.star is the probability of an image to show the molecule.
                """)
    }

    private var settings: String {
        let parameters = record.parameters
        let rows: [(String, String)] = [
            ("preset", parameters.preset), ("optimizer", parameters.optimizer.rawValue),
            ("schedule", parameters.schedule.rawValue), ("prior", parameters.prior.rawValue),
            ("positivity", parameters.isPositive ? "yes" : "no"), ("sampling", parameters.sampling.rawValue),
            ("symmetry", parameters.symmetry), ("diameter", "\(HTML.text(record.diameter, 0)) Å"),
            ("seed", "\(parameters.seed)"),
            ("contrast", contrast), ("images", imageFacts), ("odd about the input", oddities),
            ("threads, instructions", "\(record.threads), \(record.instructionSet)"),
            ("time", DurationText.text(seconds: record.seconds)),
            (
                "memory at the peak",
                record.peakMemory.map { MemoryEstimate.text(Double($0)) } ?? "not recorded"
            ),
            ("starts", Self.starts(record.starts)),
            ("starts agree", Self.agreement(record.starts)), ("signal explained", explainedSignal),
            ("SHA-256 of the map's voxels", record.hashes?.map ?? "–"),
            ("SHA-256 of the poses", record.hashes?.poses ?? "–"),
        ]
        let command = record.command.map { ShellWord.quoted($0) }.joined(separator: " ")
        return """
            <section id="settings"><h2>How it was made</h2>\(HTML.table(rows))
            <p class="soft">All settings are in run.json. To repeat it:</p><code>\(HTML.escaped(command))</code>
            <p class="soft">Please cite: Brubaker, Punjani &amp; Fleet, <i>Building Proteins in a Day</i>, CVPR 2015; for the FSC's \
            correction Chen et al., Ultramicroscopy 2013.</p></section>
            """
    }

    private var imageFacts: String {
        guard let box = record.boxSize, let pixel = record.pixelSize else { return "not recorded" }
        let optics = Set(
            particles.groupOptics.map {
                "\(HTML.text($0.voltage / 1000, 0)) kV, Cs \(HTML.text($0.sphericalAberration / 1e7, 2)) mm"
            })
        return (["\(box) px of \(HTML.text(pixel, 3)) Å"] + optics.sorted().prefix(4)).joined(separator: ", ")
    }

    private var oddities: String {
        guard let warnings = record.warnings else { return "not recorded" }
        return warnings.isEmpty ? "nothing" : warnings.joined(separator: "; ")
    }

    private var contrast: String {
        "protein is \(record.contrast.colour)"
            + (record.contrastGain.map { ", by \(HTML.text($0, 1)) nats an image" } ?? "")
    }

    private static func starts(_ starts: [StartRecord]) -> String {
        var anneals = [String]()
        for start in starts {
            guard let limit = start.resolution else { continue }
            let images = start.batchSize.map { " (\($0) images a step)" } ?? ""
            let anneal = "\(HTML.text(limit, 1)) Å\(images)"
            if anneals.last != anneal { anneals.append(anneal) }
        }
        return
            (["\(starts.count)\(starts.count > 1 ? ", best by evidence" : "")"]
            + (starts.first { $0.isKept }?.shortStartsText.map { ["the kept one is \($0)"] } ?? [])
            + (anneals.isEmpty ? [] : ["annealed at \(anneals.joined(separator: ", then "))"]))
            .joined(separator: "; ")
    }

    /// How far the maps of the other starts agree with that of the kept one.
    private static func agreement(_ starts: [StartRecord]) -> String {
        let others = starts.compactMap { start in
            start.agreementText.map { "\(start.seed) \($0)" }
        }
        return others.isEmpty ? "one start alone, or not known" : others.joined(separator: ", ")
    }

    /// What the map with which the run went on from its anneal left to be found.
    private var explainedSignal: String {
        guard let start = record.starts.first(where: \.isKept), let share = start.explainedShare,
            let limit = start.resolution
        else { return "not known" }
        return
            "\(HTML.text(100 * share, 0)) % of what images hold to \(HTML.text(limit, 1)) Å, at the anneal's end"
    }
}
