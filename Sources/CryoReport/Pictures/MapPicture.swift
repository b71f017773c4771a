import CryoCore

extension Picture {
    /// A montage that shows what densities look like: one row of six tiles for each.
    ///
    /// From left to right: the central slices across z, y and x, then the projections along z, y and x. Across
    /// and along z, x runs to the right and y upwards; along y, x and z; along x, y and z. Each tile is scaled to
    /// its own range of gray, white is dense.
    ///
    /// - Parameters:
    ///   - volumes: Typically a map, or a map and its reference; boxes may differ.
    ///   - tileSize: The edge of a tile, in pixels.
    public init(montageOf volumes: [Volume], tileSize: Int = 200) {
        let (edge, gap) = (max(8, tileSize), 4)
        let rows = max(1, volumes.count)
        self.init(width: 6 * (edge + gap) + gap, height: rows * (edge + gap) + gap, fill: 48)
        for (row, volume) in volumes.enumerated() {
            let sections = SectionAxis.allCases.map { volume.centralSlice($0) }
            let projections = SectionAxis.allCases.map { volume.lineSum($0) }
            for (column, image) in (sections + projections).enumerated() {
                let tile = Picture(image, size: edge)
                place(tile, x: gap + column * (edge + gap), y: gap + row * (edge + gap))
            }
        }
    }

    /// Images side by side, each scaled to its own range of gray.
    public init(tiles images: [Image], columns: Int, tileSize: Int = 160) {
        let gap = 4
        let rows = max(1, (images.count + columns - 1) / columns)
        self.init(width: columns * (tileSize + gap) + gap, height: rows * (tileSize + gap) + gap, fill: 48)
        for (index, image) in images.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            place(
                Picture(image, size: tileSize), x: gap + column * (tileSize + gap),
                y: gap + row * (tileSize + gap))
        }
    }

    /// An image in gray, interpolated to `size` pixels along an edge, y upwards.
    ///
    /// The 0.5 % darkest values are black and the 0.1 % brightest white.
    public init(_ image: Image, size: Int) {
        let n = image.boxSize
        let sorted = image.pixels.map { $0.isFinite ? $0 : 0 }.sorted()
        let low = sorted.isEmpty ? 0 : sorted[sorted.count / 200]
        let high = sorted.isEmpty ? 1 : sorted[sorted.count - 1 - sorted.count / 1000]
        let scale = high > low ? 255 / (high - low) : 0
        self.init(width: size, height: size)
        guard n > 0 else { return }
        for row in 0..<size {
            for column in 0..<size {
                let x = (Float(column) + 0.5) * Float(n) / Float(size) - 0.5
                let y = (Float(size - 1 - row) + 0.5) * Float(n) / Float(size) - 0.5
                let gray = (image.interpolated(x, y) - low) * scale
                self[column, row] = [gray.isFinite ? UInt8(max(0, min(255, gray))) : 0]
            }
        }
    }
}

/// The axis that a picture of a density looks along.
package enum SectionAxis: CaseIterable {
    case z, y, x
}

extension Volume {
    /// The plane through the origin voxel across an axis.
    func centralSlice(_ axis: SectionAxis) -> Image {
        let middle = boxSize / 2
        return image { u, v in value(axis, u, v, middle) }
    }

    /// The sums along an axis.
    package func lineSum(_ axis: SectionAxis) -> Image {
        image { u, v in (0..<boxSize).reduce(0) { $0 + value(axis, u, v, $1) } }
    }

    private func image(_ pixel: (_ u: Int, _ v: Int) -> Float) -> Image {
        var image = Image(boxSize: boxSize, pixelSize: pixelSize)
        for v in 0..<boxSize { for u in 0..<boxSize { image[u, v] = pixel(u, v) } }
        return image
    }

    private func value(_ axis: SectionAxis, _ u: Int, _ v: Int, _ depth: Int) -> Float {
        switch axis {
        case .z: self[u, v, depth]
        case .y: self[u, depth, v]
        case .x: self[depth, u, v]
        }
    }
}

extension Image {
    /// The value at a place between pixels, bilinear; the border is repeated outside.
    func interpolated(_ x: Float, _ y: Float) -> Float {
        let limit = Float(boxSize - 1)
        let (cx, cy) = (max(0, min(limit, x)), max(0, min(limit, y)))
        let (x0, y0) = (Int(cx), Int(cy))
        let (x1, y1) = (min(boxSize - 1, x0 + 1), min(boxSize - 1, y0 + 1))
        let (fx, fy) = (cx - Float(x0), cy - Float(y0))
        let lower = self[x0, y0] + (self[x1, y0] - self[x0, y0]) * fx
        let upper = self[x0, y1] + (self[x1, y1] - self[x0, y1]) * fx
        return lower + (upper - lower) * fy
    }
}
