/// A way of laying one density upon another, and how well they then agree.
package struct Placement: Sendable {
    /// The agreement.
    package var score: Double
    /// The way.
    package var superposition: Superposition

    /// Makes a placement.
    package init(score: Double, superposition: Superposition) {
        self.score = score
        self.superposition = superposition
    }
}
