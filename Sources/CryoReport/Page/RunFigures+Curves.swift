import CryoCore
import CryoFourier
import CryoReconstruction
import Foundation

/// The figures with axes.
extension RunFigures {
    package var curves: [Figure] {
        [correlation, progress, evidence, posteriors, views, shifts, noise, sampling].compactMap { $0 }
    }

    private func figure(_ id: String, _ plot: LinePlot, reading: String) -> Figure {
        Figure(id: id, html: HTML.figure(id, plot.title, plot.svg, reading: reading, csv: plot.csv))
    }

    private var correlation: Figure? {
        guard let resolution else { return present }
        func points(_ values: [Double]) -> [(x: Double, y: Double)] {
            values.enumerated().dropFirst().map { (Double($0) / boxLength, $1) }
        }
        let plot = LinePlot(
            title: "Fourier shell correlation of the half-sets", xLabel: "resolution (Å), evenly in 1/Å",
            yLabel: "FSC",
            xScale: .resolution,
            series: [
                .init(name: "corrected for the mask", points: points(resolution.correctedCorrelations)),
                .init(name: "no mask", points: points(resolution.correlations)),
                .init(name: "in the mask", points: points(resolution.maskedCorrelations), isDashed: true),
                .init(
                    name: "random phases in the mask", points: points(resolution.randomizedCorrelations),
                    isDashed: true),
            ], thresholds: [(0.143, "0.143"), (0.5, "0.5")], yRange: -0.05...1)
        return figure(
            "fsc", plot,
            reading: """
                Two halves of the particles learnt apart after the anneal. The corrected curve \
                \(resolution.isAtLimit == true ? "is above 0.143 as far as images of this pixel size go," : "falls below 0.143 at") \
                <b>\(HTML.text(resolution.corrected0143, 1)) Å</b>, below 0.5 without a mask at \(HTML.text(resolution.fsc05, 1)) Å. \
                A good curve stays near 1, falls once and stays at 0; the curve of random phases should be near 0 where it matters. \(learning)\
                The halves have the anneal in common, so coarse shells agree by construction.\
                \(resolution.supported == nil ? " Here unseen images do not support the map, so its halves agree on what they began with, and no resolution is claimed." : "")
                """)
    }

    /// How far the density was learnt, and what is beyond.
    private var learning: String {
        guard let limit = iterations.last?.resolution else { return "" }
        return
            "Densities were learnt to \(HTML.text(limit, 1)) Å; beyond it the halves hold what their images say at the poses found. "
    }

    /// The curve of half-sets that still learn.
    private var present: Figure? {
        guard let agreement else { return nil }
        let points = agreement.correlations.enumerated().dropFirst().map {
            (x: Double($0) / agreement.boxLength, y: $1)
        }
        let plot = LinePlot(
            title: "Fourier shell correlation of the half-sets", xLabel: "resolution (Å), evenly in 1/Å",
            yLabel: "FSC", xScale: .resolution, series: [.init(name: "no mask", points: points)],
            thresholds: [(0.143, "0.143"), (0.5, "0.5")], yRange: -0.05...1)
        return figure(
            "fsc", plot,
            reading: """
                Two halves of the particles learn apart. The resolution rises until any shell within the limit falls below 0.143, or, \
                unless a limit was told, from 3.5 pixels and 6 Å on as soon as all are above 0.5 or images fit one pose: \
                images are back-projected to finer detail then; \
                coarse shells agree by construction, since the halves have the anneal in common.
                """)
    }

    private func series(_ name: String, _ value: (IterationStatistics) -> Double?) -> LinePlot.Series {
        LinePlot.Series(
            name: name,
            points: iterations.compactMap { entry in value(entry).map { (Double(entry.iteration + 1), $0) } })
    }

    private var progress: Figure? {
        let plot = LinePlot(
            title: "Resolution limit over time", xLabel: "seconds", yLabel: "frequency limit (1/Å)",
            series: [
                .init(name: "limit", points: iterations.map { ($0.seconds, 1 / $0.resolution) })
            ])
        return figure(
            "progress", plot,
            reading: """
                The anneal works at one coarse limit until the density is found; then the limit rises shell by shell, and stops by itself \
                where the half-sets disagree, or where they agree so well that finer detail need not be learnt. It falls back for a moment where badly explained particles look for their poses anew.
                """)
    }

    private var evidence: Figure? {
        let plot = LinePlot(
            title: "Evidence by iteration", xLabel: "iteration", yLabel: "nats an image",
            series: [
                series("minibatch (tempered in the anneal)") { $0.logEvidence },
                series("held out") { $0.heldOutLogEvidence },
            ])
        return figure(
            "evidence", plot,
            reading: """
                How much better the density explains an image than noise does, poses and shifts summed over. It should rise in the \
                anneal, most of it within a few dozen iterations, and keep rising with the limit. A run that stays near 0 has found \
                nothing.
                """)
    }

    private var posteriors: Figure? {
        let plot = LinePlot(
            title: "Poses that share an image's posterior", xLabel: "iteration", yLabel: "effective number",
            yScale: .logarithmic, series: [series("median") { $0.effectivePoses }])
        return figure(
            "poses", plot,
            reading: """
                1/Σp², the median over images. The anneal lowers it from thousands to about ten as it cools; afterwards a few remain.
                """)
    }

    private var views: Figure? {
        let rotations = poses.values.map(\.rotation)
        guard !rotations.isEmpty else { return nil }
        let directions = ViewDirections(rotations)
        // While the density is being found, views follow its accidents.
        let isFound = iterations.last?.phase != .anneal
        let warning =
            isFound && directions.coverage < 0.5
            ? """
            <p class="warning">Views are uneven: as many even ones would cover \(HTML.text(100 * directions.coverage, 0)) % of the sphere. \
            Detail along some directions may be smeared; compare slices across z with those across x and y.</p>
            """ : ""
        let html = HTML.figure(
            "views", "View directions", directions.svg + warning,
            reading: """
                Where particles were seen from, on a map of the sphere with equal areas. Even is best; with a symmetry all views lie in one \
                part of it. Evenness: <b>\(HTML.text(100 * directions.coverage, 0)) %</b> (100 % is even).
                """, csv: directions.csv)
        return Figure(id: "views", html: html)
    }

    private var shifts: Figure? {
        let lengths = poses.values.map { hypot($0.originX, $0.originY) }.sorted()
        guard let last = lengths.last, last > 0 else { return nil }
        let width = max(0.5, last / 30)
        var counts = [Int](repeating: 0, count: Int(last / width) + 1)
        for length in lengths { counts[Int(length / width)] += 1 }
        let plot = LinePlot(
            title: "Shifts", xLabel: "distance of the particle from the image's middle (Å)",
            yLabel: "particles",
            series: [
                .init(
                    name: "particles",
                    points: counts.enumerated().map { ((Double($0) + 0.5) * width, Double($1)) })
            ],
            yRange: 0...1)
        return figure(
            "shifts", plot,
            reading: """
                Median \(HTML.text(lengths[lengths.count / 2], 1)) Å.\(shiftExtent.map { extent in
                    " Shifts are searched to \(HTML.text(extent, 0)) Å about each particle's latest place; \(lengths.count { $0 > extent }) lie further out, perhaps on neighbours."
                } ?? "")
                """)
    }

    private var noise: Figure? {
        guard !noiseVariance.isEmpty else { return nil }
        let variances = noiseVariance.enumerated().map { ((Double($0) + 1) / boxLength, $1) }
        var series = [
            LinePlot.Series(
                name: "noise power (background = 1)", points: variances.map { (x: $0.0, y: $0.1) })
        ]
        if let correlations = resolution?.correlations {
            let ratios = correlations.enumerated().dropFirst().compactMap {
                shell, value -> (x: Double, y: Double)? in
                value > 0.001 && value < 0.9999 ? (Double(shell) / boxLength, 2 * value / (1 - value)) : nil
            }
            series.append(.init(name: "signal to noise of the map (from the FSC)", points: ratios))
        }
        let plot = LinePlot(
            title: "Noise and signal by shell", xLabel: "resolution (Å), evenly in 1/Å", yLabel: "power",
            xScale: .resolution, yScale: .logarithmic, series: series)
        return figure(
            "noise", plot,
            reading: """
                Noise of real images is not white: it falls with resolution, and each shell has its own. The map's signal-to-noise, \
                2 FSC/(1 − FSC), falls below 0.33 where the FSC falls below 0.143.
                """)
    }

    private var sampling: Figure? {
        let plot = LinePlot(
            title: "Importance sampling", xLabel: "iteration", yLabel: "part of all poses evaluated",
            yScale: .logarithmic,
            series: [series("evaluated") { $0.evaluatedFraction }])
        return figure(
            "sampling", plot,
            reading: """
                The part of the quadrature (directions × in-plane angles × shifts near the particle's centre) that was evaluated. All of \
                it in the anneal; then less and less, as each image's own poses are known.
                """)
    }
}
