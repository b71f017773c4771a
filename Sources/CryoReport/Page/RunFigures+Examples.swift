import CryoCore
import CryoFiles
import CryoFourier
import Foundation

/// Particles beside what the map says they should look like.
extension RunFigures {
    private static let exampleCount = 6
    private static let tile = 110

    func examples() throws -> String {
        guard let images, let map, abs(Double(map.boxSize) * map.pixelSize / images.boxLength - 1) < 0.01
        else {
            return HTML.figure(
                "examples", "Particles and projections",
                "<p class=\"empty\">The images are not where the run found them.</p>",
                reading: "Make the report where the stacks can be read to see particles here.")
        }
        let known = poses.keys.filter(images.particles.indices.contains).sorted()
        let step = max(1, known.count / Self.exampleCount)
        let chosen = stride(from: step / 2, to: known.count, by: step).prefix(Self.exampleCount).map {
            known[$0]
        }
        let projector = Projector(map)
        let gap = 4
        var montage = Picture(
            width: chosen.count * (Self.tile + gap) + gap, height: 3 * (Self.tile + gap) + gap, fill: 128)
        for (column, index) in chosen.enumerated() {
            let particle = images.particles[index]
            guard let pose = poses[index], var image = try? images.readImage(index) else { continue }
            var match = projector.project(pose, ctf: particle.ctf).image()
            if isDark { match.pixels = match.pixels.map { -$0 } }
            for pixel in image.pixels.indices where !image.pixels[pixel].isFinite { image.pixels[pixel] = 0 }
            let coarse = min(
                image.boxSize, FastLength.even(atLeast: Int(2 * Double(image.boxSize) * image.pixelSize / 20))
            )
            let smooth = FourierImage(image).cropped(to: coarse).image()
            for (row, picture) in [image, smooth, match].enumerated() {
                montage.place(
                    Picture(picture, size: Self.tile), x: gap + column * (Self.tile + gap),
                    y: gap + row * (Self.tile + gap))
            }
        }
        return HTML.figure(
            "examples", "Particles and projections",
            try HTML.image(montage, alt: "Particles, the same to 20 Å, and projections of the map"),
            reading: """
                Top: particles as they are. Middle: the same to 20 Å. Bottom: the map in the pose that was found, shifted and with the \
                same CTF. Middle and bottom should look alike, if faintly.
                """)
    }
}
