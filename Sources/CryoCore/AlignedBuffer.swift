/// Fixed-size memory aligned to 64 bytes, as vector kernels and FFTW want it; the one owner of raw memory.
public final class AlignedBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    /// The first element.
    public let pointer: UnsafeMutablePointer<Element>
    /// The number of elements.
    public let count: Int

    /// Allocates `count` elements set to `value`.
    public init(count: Int, repeating value: Element) {
        self.count = count
        // Rounded up to whole cache lines so that vector loads at the end stay inside.
        let byteCount = (max(count, 1) * MemoryLayout<Element>.stride + 127) & ~63
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: count)
        pointer.initialize(repeating: value, count: count)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    /// The element at `index`, checked.
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return pointer[index]
        }
        set {
            precondition(index >= 0 && index < count)
            pointer[index] = newValue
        }
    }

    /// Sets every element to `value`.
    public func fill(_ value: Element) { pointer.update(repeating: value, count: count) }

    /// The elements as an array.
    public var array: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
