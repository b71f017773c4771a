import CryoCore
import CryoFourier
import CryoInference
import Foundation

extension RunState: Codable {
    private enum Key: CodingKey {
        case seed, optimizerKind, optimizer, noise, particles, order, density, densityScale, newcomers,
            temperature, memories
        case census, visits, estimates
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

    /// Writes everything but the stage, which follows from the plan.
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
        try container.encode(memories, forKey: .memories)
        try container.encode(census, forKey: .census)
        try container.encode(visits, forKey: .visits)
        try container.encode(estimates, forKey: .estimates)
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
        memories = try container.decode([Int: PoseMemory].self, forKey: .memories)
        census = try container.decode(PoseCensus.self, forKey: .census)
        visits = try container.decode([Int: UInt32].self, forKey: .visits)
        estimates = try container.decode([Int: PoseEstimate].self, forKey: .estimates)
    }
}
