import CryoCore
import Testing

@Suite struct AlignedBufferTests {
    private static func counted(_ count: Int) -> AlignedBuffer<Float> {
        let buffer = AlignedBuffer<Float>(count: count, repeating: 0)
        for index in 0..<count { buffer[index] = Float(index) }
        return buffer
    }

    @Test func vectorsAndSpansAreTheElements() {
        let buffer = Self.counted(40)
        #expect(buffer[quad: 36] == [36, 37, 38, 39])
        #expect(buffer[lanes: 24][15] == 39)
        buffer[lanes: 1] = SIMD16(repeating: -1)
        buffer[quad: 20] = [5, 6, 7, 8]
        buffer.withMutableSpan(38..<40) { span in span[1] = 9 }
        #expect(buffer[0] == 0 && buffer[1] == -1 && buffer[16] == -1 && buffer[17] == 17)
        #expect(buffer[19] == 19 && buffer[23] == 8 && buffer[24] == 24)
        #expect(buffer.array.suffix(2) == [38, 9])
        buffer.copy([Float]().span, to: 40)
        buffer.copy([1, 2, 3].span, to: 37)
        #expect(buffer.array.suffix(4) == [36, 1, 2, 3])
    }

    /// One line and status 2, as whatever else a run cannot go on with.
    @Test func memoryThatIsNotThereIsSaid() async {
        let outcome = await #expect(
            processExitsWith: .exitCode(2), observing: [\.standardErrorContent]
        ) { _ = AlignedBuffer<Float>(count: 1 << 58, repeating: 0) }
        let said = String(decoding: outcome?.standardErrorContent ?? [], as: UTF8.self)
        #expect(said.contains("daybreak: there is no memory for"), "\(said)")
    }

    @Test func whatLiesOutsideIsNotReached() async {
        await #expect(processExitsWith: .failure) { _ = Self.counted(40)[40] }
        await #expect(processExitsWith: .failure) { _ = Self.counted(40)[-1] }
        await #expect(processExitsWith: .failure) { _ = Self.counted(40)[quad: 37] }
        await #expect(processExitsWith: .failure) { Self.counted(40)[lanes: 25] = .zero }
        await #expect(processExitsWith: .failure) { Self.counted(40).withMutableSpan(39..<41) { _ in } }
        await #expect(processExitsWith: .failure) { Self.counted(40).copy([1, 2].span, to: 39) }
        await #expect(processExitsWith: .failure) { _ = Self.counted(40).pointer(from: 30, length: 11) }
        await #expect(processExitsWith: .failure) { _ = Self.counted(40).pointer(from: .max, length: 1) }
    }
}
