import CryoCore
import CryoFourier
import CryoInference
import Foundation

extension RunState: Codable {
    private enum Key: CodingKey {
        case seed, optimizerKind, optimizer, noise, particles, order, density, densityScale,
            newcomers, temperature, junkShare
        case remembered, memories, census, visited, visits, estimated, estimates
    }

    /// Which optimizer's state follows.
    private enum OptimizerKind: String, Codable {
        case preconditionedSGD, sagd, gradientDescent

        init(_ optimizer: any Optimizer) {
            self =
                optimizer is SAGD
                ? .sagd : optimizer is GradientDescent ? .gradientDescent : .preconditionedSGD
        }

        var type: any Optimizer.Type {
            switch self {
            case .preconditionedSGD: PreconditionedSGD.self
            case .sagd: SAGD.self
            case .gradientDescent: GradientDescent.self
            }
        }
    }

    /// Writes everything but the stage, which follows from the plan, and the origin of a climb, which its first iteration takes.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(seed, forKey: .seed)
        try container.encode(OptimizerKind(optimizer), forKey: .optimizerKind)
        try container.encode(optimizer, forKey: .optimizer)
        try container.encode(noise, forKey: .noise)
        try container.encode(particles.rawData, forKey: .particles)
        try container.encode(order, forKey: .order)
        try container.encodeIfPresent(density, forKey: .density)
        try container.encode(densityScale, forKey: .densityScale)
        try container.encode(newcomers.rawData, forKey: .newcomers)
        try container.encodeIfPresent(temperature, forKey: .temperature)
        try container.encode(junk.share, forKey: .junkShare)
        try container.encode(census, forKey: .census)
        /// Particles in a block of their own, and what is known of each in their order.
        func encode<Value>(
            _ known: ParticleTable<Value>, of particles: Key, _ key: Key,
            as packed: ([Value]) -> some Encodable
        ) throws {
            try container.encode(known.particles.rawData, forKey: particles)
            try container.encode(packed(known.inOrder), forKey: key)
        }
        try encode(memories, of: .remembered, .memories, as: PackedMemories.init)
        try encode(visits, of: .visited, .visits, as: \.rawData)
        try encode(estimates, of: .estimated, .estimates, as: \.rawData)
    }

    /// Reads what was written.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        seed = try container.decode(UInt64.self, forKey: .seed)
        let kind = try container.decode(OptimizerKind.self, forKey: .optimizerKind)
        func optimizer<Kind: Optimizer>(_ type: Kind.Type) throws -> any Optimizer {
            try container.decode(type, forKey: .optimizer)
        }
        self.optimizer = try optimizer(kind.type)
        noise = try container.decode(NoiseSpectrum.self, forKey: .noise)
        particles = try [Int](rawData: container.decode(Data.self, forKey: .particles))
        order = try container.decode(ParticleOrder.self, forKey: .order)
        density = try container.decodeIfPresent(Volume.self, forKey: .density)
        densityScale = try container.decode(Double.self, forKey: .densityScale)
        newcomers = try [Int](rawData: container.decode(Data.self, forKey: .newcomers))
        temperature = try container.decodeIfPresent(Temperature.self, forKey: .temperature)
        // Checkpoints of older versions have none.
        if let share = try container.decodeIfPresent(Double.self, forKey: .junkShare) {
            junk = JunkProbability(share: share)
        }
        func values<Value>(_ values: [Value], of key: Key) throws -> ParticleTable<Value> {
            let particles = try [Int](rawData: container.decode(Data.self, forKey: key))
            let isOrdered = zip(particles, particles.dropFirst()).allSatisfy { $0 < $1 }
            guard particles.count == values.count, isOrdered, particles.first ?? 0 >= 0,
                particles.last ?? 0 <= Int(Int32.max)
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(particles.count) particles")
            }
            var known = ParticleTable<Value>()
            for (particle, value) in zip(particles, values) { known[particle] = value }
            return known
        }
        memories = try values(
            container.decode(PackedMemories.self, forKey: .memories).unpacked(), of: .remembered)
        census = try container.decode(PoseCensus.self, forKey: .census)
        visits = try values([UInt32](rawData: container.decode(Data.self, forKey: .visits)), of: .visited)
        estimates = try values(
            [PoseEstimate](rawData: container.decode(Data.self, forKey: .estimates)), of: .estimated)
    }
}
