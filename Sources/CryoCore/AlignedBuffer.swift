import Foundation

/// Fixed-size memory aligned to 64 bytes, as vector kernels and FFTW want it; the one owner of raw memory.
@safe public final class AlignedBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let pointer: UnsafeMutablePointer<Element>
    private let allocation: UnsafeMutableRawPointer
    /// The number of elements.
    public let count: Int

    private static var alignment: Int { 64 }

    /// Allocates `count` elements set to `value`; zeros take no memory before they are written.
    public init(count: Int, repeating value: Element) {
        self.count = count
        let byteCount = max(count, 1) * MemoryLayout<Element>.stride + Self.alignment
        guard let raw = unsafe calloc(byteCount, 1) else { OutOfMemory.end(byteCount) }
        // Safe: fresh memory for at least `count` elements, which need nothing to be destroyed.
        unsafe allocation = raw
        unsafe pointer = raw.alignedUp(toMultipleOf: Self.alignment).bindMemory(
            to: Element.self, capacity: count)
        let isZero = unsafe withUnsafeBytes(of: value) { unsafe $0.allSatisfy { $0 == 0 } }
        if !isZero { unsafe pointer.initialize(repeating: value, count: count) }
    }

    // Safe: the pointer does not outlive its owner.
    deinit { unsafe free(allocation) }

    // Safe, here and below: the memory holds `count` elements, and places are checked against it.

    /// The element at `index`, checked.
    @inlinable public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe pointer[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe pointer[index] = newValue
        }
    }

    /// The memory from `start` on, checked to hold `length` elements, for functions that take pointers.
    ///
    /// Who asks keeps within that length, and keeps the buffer.
    @inlinable public func pointer(from start: Int, length: Int) -> UnsafeMutablePointer<Element> {
        precondition(start >= 0 && length >= 0 && length <= count - start)
        return unsafe pointer + start
    }

    /// Calls `body` with the elements of a range, checked; what it does has them to itself.
    public func withMutableSpan(_ range: Range<Int>, _ body: (inout MutableSpan<Element>) -> Void) {
        let first = unsafe pointer(from: range.lowerBound, length: range.count)
        var span = unsafe UnsafeMutableBufferPointer(start: first, count: range.count).mutableSpan
        body(&span)
    }

    /// Copies elements to the places from `start` on, checked.
    public func copy(_ elements: Span<Element>, to start: Int) {
        guard !elements.isEmpty else { return }
        let target = unsafe pointer(from: start, length: elements.count)
        unsafe elements.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            unsafe target.update(from: first, count: source.count)
        }
    }

    /// Sets every element to `value`.
    public func fill(_ value: Element) { unsafe pointer.update(repeating: value, count: count) }

    /// The elements as an array.
    public var array: [Element] { unsafe Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

extension AlignedBuffer<Float> {
    /// The 16 elements from `index` on, one for each lane of a block, checked.
    @inlinable public subscript(lanes index: Int) -> SIMD16<Float> {
        // Safe: 16 elements lie there.
        get {
            unsafe UnsafeRawPointer(pointer(from: index, length: 16)).loadUnaligned(as: SIMD16<Float>.self)
        }
        set {
            unsafe UnsafeMutableRawPointer(pointer(from: index, length: 16)).storeBytes(
                of: newValue, as: SIMD16<Float>.self)
        }
    }

    /// The 4 elements from `index` on, checked.
    @inlinable public subscript(quad index: Int) -> SIMD4<Float> {
        // Safe: 4 elements lie there.
        get { unsafe UnsafeRawPointer(pointer(from: index, length: 4)).loadUnaligned(as: SIMD4<Float>.self) }
        set {
            unsafe UnsafeMutableRawPointer(pointer(from: index, length: 4)).storeBytes(
                of: newValue, as: SIMD4<Float>.self)
        }
    }
}
