import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// The evaluation of one image on its drawn nodes.
struct NodeEvaluation {
    let engine: PosteriorEngine
    let layout: AngularLayout
    let kernels: NodeKernels
    let scratch: NodeScratch
    let laneScratch: WorkerScratch
    let transform: ComplexFFT
    let image: PolarImage
    let draw: NodeDraw
    let ringWeights: [Double]
    let beta: Float
    let logPriors: [Float]
    /// The place of each drawn shift's row; −1 for the others.
    let rowOfShift: [Int]

    init(
        engine: PosteriorEngine, worker: Int, image: PolarImage, draw: NodeDraw, ringWeights: [Double],
        beta: Float
    ) {
        self.engine = engine
        layout = engine.layout
        kernels = engine.kernels.nodes
        scratch = engine.nodeScratch[worker]
        laneScratch = engine.scratch[worker]
        transform = ComplexFFT.ofCount(engine.grid.angleCount)
        self.image = image
        self.draw = draw
        self.ringWeights = ringWeights
        self.beta = beta
        logPriors = engine.shifts.logWeights(around: image.centre)
        var rows = [Int](repeating: -1, count: engine.shifts.offsets.count)
        for node in draw.nodes { rows[Int(node.shift)] = 0 }
        var count = 0
        for shift in rows.indices where rows[shift] == 0 {
            rows[shift] = count
            count += 1
        }
        rowOfShift = rows
        scratch.reserve(count)
        scratch.setAngles(draw.angleInclusions, angleCount: layout.grid.angleCount)
    }

    func evaluate(hasGradient: Bool) -> SampledImage {
        fillColumns()
        let powers = ctfPowers()
        let sums = sumCircles(powers)
        let total = Total(sums, draw.nodes)
        let peak = findPeak(sums, powers)
        let logNodes = log(Double(engine.directions.directionCount * layout.grid.angleCount))
        let partSize = layout.rowStride + 4 * layout.normOrderCount
        var result = SampledImage(
            posterior: ImagePosterior(
                logEvidence: total.logSum - logNodes,
                effectivePoses: total.effectivePoses,
                peakProbability: exp(Double(peak.value) - total.logSum),
                pose: engine.pose(of: peak.node, centre: image.centre), node: peak.node,
                memory: memory(sums, total), coverage: draw.coverage, spread: nil),
            parts: [],
            gradientRows: AlignedBuffer(
                count: hasGradient ? partCount(sums, total) * partSize : 0, repeating: 0),
            ctfPowers: powers,
            imagePowers: (0..<layout.grid.ringCount).map { engine.rings.power(of: image, ring: $0) },
            rowStride: layout.rowStride, massCount: 4 * layout.normOrderCount)
        addResponsibilities(sums, total, powers, hasGradient: hasGradient, &result)
        if draw.angleInclusions != nil { result.posterior.memory.angles = angleMemory() }
        result.posterior.spread = spread(sums, total)
        return result
    }

    /// What all nodes hold together.
    struct Total {
        /// ln Σ exp x over the drawn points, with their weights.
        var logSum: Double
        /// (Σ eˣ)² / Σ e²ˣ, unbiased in both sums.
        var effectivePoses: Double

        init(_ sums: [CircleSum], _ nodes: [NodeDraw.Node]) {
            let peak = Double(sums.map(\.peak).max() ?? 0)
            var (sum, squares) = (0.0, 0.0)
            for (circle, node) in zip(sums, nodes) {
                let factor = exp(Double(circle.peak) - peak)
                sum += Double(circle.direct + circle.opposite) * factor
                squares += Double(circle.squares) * Double(node.inclusion) * factor * factor
            }
            logSum = peak + log(sum)
            effectivePoses = max(1, sum * sum / squares)
        }

        /// The part of the posterior that a circle holds.
        func mass(_ circle: CircleSum) -> Double {
            Double(circle.direct + circle.opposite) * exp(Double(circle.peak) - logSum)
        }
    }
}

/// The two passes over the nodes.
extension NodeEvaluation {
    /// First pass: what each node's circle holds.
    func sumCircles(_ ctfPowers: [Float]) -> [CircleSum] {
        var direction: Int32 = -1
        return draw.nodes.map { node in
            if node.direction != direction {
                direction = node.direction
                fillNorms(Int(direction), ctfPowers)
            }
            evaluateCircle(node)
            return kernels.sumCircle(circle(node))
        }
    }

    /// The nodes that hold a part of the posterior worth adding.
    func matters(_ sum: CircleSum, _ total: Total) -> Bool {
        total.mass(sum) * Double(draw.nodes.count) > PosteriorEngine.neglectedMass
    }

    func partCount(_ sums: [CircleSum], _ total: Total) -> Int {
        var (count, direction) = (0, Int32(-1))
        for (sum, node) in zip(sums, draw.nodes) where node.direction != direction && matters(sum, total) {
            direction = node.direction
            count += 1
        }
        return count
    }

    /// Second pass: responsibilities of the nodes that matter, and the gradient that they give.
    func addResponsibilities(
        _ sums: [CircleSum], _ total: Total, _ ctfPowers: [Float], hasGradient: Bool,
        _ result: inout SampledImage
    ) {
        var direction: Int32 = -1
        for (sum, node) in zip(sums, draw.nodes) where matters(sum, total) {
            if node.direction != direction {
                direction = node.direction
                fillNorms(Int(direction), ctfPowers)
                if hasGradient {
                    result.parts.append(SampledImage.Part(direction: direction, index: result.parts.count))
                }
            }
            evaluateCircle(node)
            kernels.fillResponsibilities(circle(node, minus: Float(total.logSum)))
            guard hasGradient, let part = result.parts.last else { continue }
            transform.forward(scratch.circle)
            kernels.addGradient(pair(node), target(part, of: result))
        }
    }

    /// The most probable node, without the weights of draws: what is rarely drawn weighs much and need not be probable.
    func findPeak(_ sums: [CircleSum], _ ctfPowers: [Float]) -> (node: PoseNode, value: Float) {
        let unweighted = zip(sums, draw.nodes).map { $0.peak + log($1.inclusion) }
        var best = (
            node: PoseNode(direction: 0, isOpposite: false, shift: 0, angle: 0),
            value: -Float.greatestFiniteMagnitude
        )
        for index in unweighted.largestPlaces(PosteriorEngine.peakCandidates) {
            let node = draw.nodes[index]
            fillNorms(Int(node.direction), ctfPowers)
            evaluateCircle(node)
            for place in 0..<2 * layout.grid.angleCount {
                let value = beta * scratch.circle[place] + logPriors[Int(node.shift)]
                guard value > best.value else { continue }
                best.value = value
                best.node = PoseNode(
                    direction: Int(node.direction), isOpposite: place % 2 == 1, shift: Int(node.shift),
                    angle: place / 2)
            }
        }
        return best
    }
}
