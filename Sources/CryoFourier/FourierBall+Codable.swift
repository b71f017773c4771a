import CryoCore
import Foundation

extension FourierBall: Codable {
    private enum Key: CodingKey { case radius, padding, samples }

    /// Writes the radius, the padding and the samples' bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(radius, forKey: .radius)
        try container.encode(padding, forKey: .padding)
        try container.encode(samples.rawData, forKey: .samples)
    }

    /// Reads what was written.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let radius = try container.decode(Double.self, forKey: .radius)
        let padding = try container.decode(Int.self, forKey: .padding)
        let samples = try [Complex](rawData: container.decode(Data.self, forKey: .samples))
        guard radius >= 0, radius < 1e5, (1...8).contains(padding) else {
            throw DecodingError.dataCorruptedError(
                forKey: .radius, in: container, debugDescription: "a radius out of range")
        }
        // Not made first and compared then: a radius of 10⁵ would ask for all memory there is.
        guard let ball = FourierBall(radius: radius, padding: padding, samples: samples) else {
            throw DecodingError.dataCorruptedError(
                forKey: .samples, in: container, debugDescription: "another number of samples")
        }
        self = ball
    }
}
