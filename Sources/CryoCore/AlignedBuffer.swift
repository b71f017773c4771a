/// Fixed-size memory aligned to 64 bytes, as vector kernels and FFTW want it; the one owner of raw memory.
@safe public final class AlignedBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    /// The first element; who uses it keeps within ``count`` and keeps the buffer alive.
    public let pointer: UnsafeMutablePointer<Element>
    /// The number of elements.
    public let count: Int

    /// Allocates `count` elements set to `value`.
    public init(count: Int, repeating value: Element) {
        self.count = count
        // Rounded up to whole cache lines so that vector loads at the end stay inside.
        let byteCount = (max(count, 1) * MemoryLayout<Element>.stride + 127) & ~63
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        // Safe: fresh memory for at least `count` elements, which need nothing to be destroyed.
        unsafe pointer = raw.bindMemory(to: Element.self, capacity: count)
        unsafe pointer.initialize(repeating: value, count: count)
    }

    // Safe: the pointer does not outlive its owner.
    deinit { unsafe UnsafeMutableRawPointer(pointer).deallocate() }

    /// The element at `index`, checked.
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe pointer[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe pointer[index] = newValue
        }
    }

    // Safe, here and below: the memory holds `count` elements.

    /// Sets every element to `value`.
    public func fill(_ value: Element) { unsafe pointer.update(repeating: value, count: count) }

    /// The elements as an array.
    public var array: [Element] { unsafe Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
