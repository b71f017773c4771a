import CryoCore
import CryoFiles
import CryoFourier
import CryoReconstruction
import Foundation

/// What the figures of a run are drawn from, while it goes on and when it has ended.
package struct RunFigures: Sendable {
    /// A figure of a page.
    package struct Figure: Sendable {
        /// Its name within the page.
        package var id: String
        /// The element.
        package var html: String
    }

    /// The statistics of each iteration.
    package var iterations: [IterationStatistics]
    /// The density; nil before there is one.
    package var map: Volume?
    /// The poses by the particles' place in the set.
    package var poses: [Int: Pose]
    /// What the half-sets of a run that has ended say.
    package var resolution: ResolutionRecord?
    /// What they say while they learn.
    package var agreement: FourierShellCorrelation?
    /// σ² of a Fourier coefficient by ring.
    package var noiseVariance: [Double]
    /// The edge of the box, in Å.
    package var boxLength: Double
    /// The largest shift that is searched, in Å.
    package var shiftExtent: Double?
    /// The images, if they can be read.
    package var images: ParticleSet?
    /// Whether protein is black in them.
    package var isDark: Bool

    /// Takes what there is.
    package init(
        iterations: [IterationStatistics], map: Volume?, poses: [Int: Pose],
        resolution: ResolutionRecord? = nil, agreement: FourierShellCorrelation? = nil,
        noiseVariance: [Double], boxLength: Double, shiftExtent: Double?, images: ParticleSet?, isDark: Bool
    ) {
        self.iterations = iterations
        self.map = map
        self.poses = poses
        self.resolution = resolution
        self.agreement = agreement
        self.noiseVariance = noiseVariance
        self.boxLength = boxLength
        self.shiftExtent = shiftExtent
        self.images = images
        self.isDark = isDark
    }

    /// All figures but the surface, in the page's order.
    ///
    /// - Throws: ``PNGError`` if a picture cannot be made.
    package func all() throws -> [Figure] {
        let curves = curves
        let agreement = curves.filter { $0.id == "fsc" }
        let others = curves.filter { $0.id != "fsc" }
        guard map != nil else { return curves }
        let sections = try Figure(id: "sections", html: sections())
        let examples = try Figure(id: "examples", html: examples())
        // Beside the surface stands what is not wide.
        return (agreement.isEmpty ? [examples, sections] : agreement + [sections, examples]) + others
    }

    /// What is said below the surface.
    package static let surfaceReading = """
        The surface that encloses 70 % of the density; drag to turn it, and move the threshold. A molecule has one connected body \
        with a rough surface; dust at low thresholds is noise. The hand is not determined by images: <b>daybreak flip</b> changes it.
        """

    private func sections() throws -> String {
        guard let map else { return "" }
        let montage = try HTML.image(
            Picture(montageOf: [map], tileSize: 190), alt: "Central slices and projections of the density")
        return """
            <figure id="sections" class="wide">
            <h2>Slices and projections</h2>
            \(montage)
            <figcaption>Left: the planes through the middle, across z, y and x. Right: sums along z, y and x. White is dense. Slices \
            should show detail inside the particle and nothing outside it.</figcaption>
            </figure>
            """
    }
}
