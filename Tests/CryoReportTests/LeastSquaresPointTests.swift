import CryoCore
import Testing

@testable import CryoReport

struct LeastSquaresPointTests {
    @Test func equationsAreMet() {
        let truth = SIMD3(1.5, -2, 0.25)
        var point = LeastSquaresPoint(damping: 1e-12)
        for row in [SIMD3(1, 2, 0.5), SIMD3(-1, 1, 3), SIMD3(0, 4, -2), SIMD3(2, 0.1, 1)] {
            point.add(row, equals: dot(row, truth))
        }
        let difference = point.solution - truth
        // The damping shifts it by some 1e-12.
        #expect(dot(difference, difference).squareRoot() < 1e-10)
    }

    /// Two equations leave a line, of which the point nearest to the origin is taken.
    @Test func whatIsOpenIsZero() {
        var point = LeastSquaresPoint(damping: 1e-9)
        point.add([1, 0, 0], equals: 2)
        point.add([0, 1, 0], equals: 3)
        #expect(abs(point.solution.x - 2) < 1e-8 && abs(point.solution.y - 3) < 1e-8 && point.solution.z == 0)
        #expect(LeastSquaresPoint(damping: 1e-30).solution == .zero)
    }
}
