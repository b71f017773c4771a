import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// ★ Images evaluated on drawn nodes only: each image by itself, node by node.
extension PosteriorEngine {
    /// The posterior of images on drawn nodes; adds its gradient to `gradient` if given.
    ///
    /// Every image belongs to one worker, and what they give to a direction is added in their order, so results do not
    /// depend on the number of threads.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - draws: For each image its nodes.
    ///   - noiseVariance: σ_k² of a Fourier coefficient on each ring.
    ///   - beta: The inverse temperature of the likelihood.
    ///   - gradient: Where the gradient goes.
    public func posterior(
        of images: [PolarImage], draws: [NodeDraw], noiseVariance: [Double], beta: Double = 1,
        gradient: SliceGradient? = nil
    ) -> [ImagePosterior] {
        precondition(slices.rows.count > 0, "the engine was made without sampling")
        let weights = (1...grid.ringCount).map { grid.measure(ring: $0) / noiseVariance[$0 - 1] }
        var results = [ImagePosterior]()
        for start in stride(from: 0, to: images.count, by: Self.batchSize) {
            let range = start..<min(start + Self.batchSize, images.count)
            let sampled = parallel.mapWorker(range.count) { worker, place in
                NodeEvaluation(
                    engine: self, worker: worker, image: images[start + place], draw: draws[start + place],
                    ringWeights: weights, beta: Float(beta)
                ).evaluate(hasGradient: gradient != nil)
            }
            if let gradient { add(sampled, to: gradient) }
            results += sampled.map(\.posterior)
        }
        return results
    }

    private func add(_ images: [SampledImage], to gradient: SliceGradient) {
        let parts = images.indices.flatMap { slot in images[slot].parts.map { (slot: slot, part: $0) } }
            .sorted { ($0.part.direction, $0.slot) < ($1.part.direction, $1.slot) }
        let firsts = parts.indices.filter { index in
            index == 0 || parts[index].part.direction != parts[index - 1].part.direction
        }
        let starts = firsts + [parts.count]
        parallel.forEach(starts.count - 1) { run in
            for index in starts[run]..<starts[run + 1] {
                gradient.add(parts[index].part, of: images[parts[index].slot])
            }
        }
        for image in images { gradient.addImagePowers(image.imagePowers) }
    }
}

/// The evaluation of one image on its drawn nodes.
private struct NodeEvaluation {
    private let engine: PosteriorEngine
    private let layout: AngularLayout
    private let kernels: NodeKernels
    private let scratch: NodeScratch
    private let laneScratch: WorkerScratch
    private let transform: ComplexFFT
    private let image: PolarImage
    private let draw: NodeDraw
    private let ringWeights: [Double]
    private let beta: Float
    private let logPriors: [Float]
    /// The place of each drawn shift's row; −1 for the others.
    private let rowOfShift: [Int]

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
            memory: AlignedBuffer(
                count: hasGradient ? partCount(sums, total) * partSize : 0, repeating: 0),
            ctfPowers: powers,
            imagePowers: (0..<layout.grid.ringCount).map { engine.rings.power(of: image, ring: $0) },
            rowStride: layout.rowStride, massCount: 4 * layout.normOrderCount)
        addResponsibilities(sums, total, powers, hasGradient: hasGradient, &result)
        result.posterior.memory.angles = angleMemory()
        result.posterior.spread = spread(sums, total)
        return result
    }

    /// What all nodes hold together.
    private struct Total {
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

// MARK: - Columns and norms

extension NodeEvaluation {
    /// The rows of the drawn shifts, prepared 16 shifts at a time.
    private func fillColumns() {
        let (lanes, work) = (PoseKernels.laneCount, laneScratch.workspace.pointer)
        let centred = engine.rings.centred(image, ringWeights: ringWeights)
        let forward = laneScratch.transform(isInverse: false)
        for group in 0..<engine.rings.groupCount {
            let shifts = (group * lanes..<min(rowOfShift.count, (group + 1) * lanes)).filter {
                rowOfShift[$0] >= 0
            }
            guard !shifts.isEmpty else { continue }
            for ring in 0..<layout.grid.ringCount {
                engine.rings.load(centred, group: group, ring: ring, work)
                engine.kernels.transform(forward, work)
                for shift in shifts {
                    let row = scratch.columns.pointer + rowOfShift[shift] * layout.rowStride
                    let source = work + shift % lanes
                    for order in 0...layout.highestOrders[ring] {
                        let place = layout.rowPlace(ring: ring, order: order)
                        row[place] = source[order * 2 * lanes]
                        row[place + lanes] = source[order * 2 * lanes + lanes]
                    }
                }
            }
        }
    }

    private func ctfPowers() -> [Float] {
        let rings = layout.grid.ringCount
        var powers = [Float](repeating: 0, count: layout.normOrderCount * 2 * rings)
        for order in 0..<layout.normOrderCount {
            for ring in 0..<rings {
                let value = engine.rings.ctfPower(
                    of: image, ring: ring, order: order, weight: ringWeights[ring])
                powers[2 * order * rings + ring] = value.x
                powers[(2 * order + 1) * rings + ring] = value.y
            }
        }
        return powers
    }

    /// The norm term of one direction: Σpc, Σqs, Σps, Σqc of each even order.
    private func fillNorms(_ direction: Int, _ ctfPowers: [Float]) {
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        let (block, lane) = direction.quotientAndRemainder(dividingBy: lanes)
        let powers = engine.slices.powers.pointer + block * SliceBlocks.powerStride(layout) + lane
        for order in 0..<layout.normOrderCount {
            var (pc, qs, ps, qc): (Float, Float, Float, Float) = (0, 0, 0, 0)
            for ring in 0..<rings {
                let p = powers[(2 * order * rings + ring) * lanes]
                let q = powers[((2 * order + 1) * rings + ring) * lanes]
                let (c, s) = (
                    ctfPowers[2 * order * rings + ring], ctfPowers[(2 * order + 1) * rings + ring]
                )
                pc += p * c
                qs += q * s
                ps += p * s
                qc += q * c
            }
            let norms = scratch.norms.pointer + 4 * order
            (norms[0], norms[1], norms[2], norms[3]) = (pc, qs, ps, qc)
        }
    }

    private func pair(_ node: NodeDraw.Node) -> NodePair {
        NodePair(
            slice: engine.slices.rows.pointer + Int(node.direction) * layout.rowStride,
            column: scratch.columns.pointer + rowOfShift[Int(node.shift)] * layout.rowStride,
            rings: layout.rowSpans.pointer, ringCount: layout.grid.ringCount,
            groupCount: layout.groupCount, orderCount: layout.orderCount, norms: scratch.norms.pointer,
            normOrderCount: layout.normOrderCount, angleCount: layout.grid.angleCount,
            workspace: scratch.circle.pointer)
    }

    private func circle(_ node: NodeDraw.Node, minus logEvidence: Float = 0) -> Circle {
        Circle(
            values: scratch.circle.pointer, angleCount: layout.grid.angleCount, beta: beta,
            offset: logPriors[Int(node.shift)] - log(node.inclusion) - logEvidence,
            logWeights: scratch.angleLogWeights.pointer, inclusions: scratch.angleInclusions.pointer)
    }

    /// Leaves the log-likelihoods of all in-plane angles of a node in the work space.
    private func evaluateCircle(_ node: NodeDraw.Node) {
        kernels.correlate(pair(node))
        transform.inverse(scratch.circle.pointer)
    }
}

// MARK: - The two passes

extension NodeEvaluation {
    /// First pass: what each node's circle holds.
    private func sumCircles(_ ctfPowers: [Float]) -> [CircleSum] {
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
    private func matters(_ sum: CircleSum, _ total: Total) -> Bool {
        total.mass(sum) * Double(draw.nodes.count) > PosteriorEngine.neglectedMass
    }

    private func partCount(_ sums: [CircleSum], _ total: Total) -> Int {
        var (count, direction) = (0, Int32(-1))
        for (sum, node) in zip(sums, draw.nodes) where node.direction != direction && matters(sum, total) {
            direction = node.direction
            count += 1
        }
        return count
    }

    /// Second pass: responsibilities of the nodes that matter, and the gradient that they give.
    private func addResponsibilities(
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
            kernels.fillResponsibilities(
                circle(node, minus: Float(total.logSum)), scratch.histogram.pointer)
            guard hasGradient, let part = result.parts.last else { continue }
            transform.forward(scratch.circle.pointer)
            kernels.addGradient(
                pair(node),
                NodeTarget(
                    gradient: result.row(of: part), masses: result.masses(of: part),
                    factors: scratch.factors.pointer))
        }
    }

    /// Nodes in which the most probable point is looked for.
    private static let peakCandidates = 4

    /// The most probable node, without the weights of draws: what is rarely drawn weighs much and need not be probable.
    private func findPeak(_ sums: [CircleSum], _ ctfPowers: [Float]) -> (node: PoseNode, value: Float) {
        let unweighted = zip(sums, draw.nodes).map { $0.peak + log($1.inclusion) }
        var best = (
            node: PoseNode(direction: 0, isOpposite: false, shift: 0, angle: 0),
            value: -Float.greatestFiniteMagnitude
        )
        for index in Self.heaviest(unweighted, count: Self.peakCandidates) {
            let node = draw.nodes[index]
            fillNorms(Int(node.direction), ctfPowers)
            evaluateCircle(node)
            for place in 0..<2 * layout.grid.angleCount {
                let value = beta * scratch.circle.pointer[place] + logPriors[Int(node.shift)]
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

// MARK: - What the next visit and the statistics want to know

extension NodeEvaluation {
    /// The places of the largest values, largest first; the first of equal ones.
    private static func heaviest(_ values: [Float], count: Int) -> [Int] {
        var places = [Int]()
        for (place, value) in values.enumerated() {
            if places.count == count, let last = places.last, value <= values[last] { continue }
            let position = places.firstIndex { values[$0] < value } ?? places.count
            places.insert(place, at: position)
            if places.count > count { places.removeLast() }
        }
        return places
    }

    /// The nodes that hold most, without the weights of draws.
    private func memory(_ sums: [CircleSum], _ total: Total) -> PoseMemory {
        let masses = zip(sums, draw.nodes).map { Float(total.mass($0)) * $1.inclusion }
        return PoseMemory(
            entries: Self.heaviest(masses, count: PoseMemory.capacity).map { index in
                let node = draw.nodes[index]
                return PoseMemory.Entry(
                    direction: SIMD3<Float>(engine.directions.rotations[Int(node.direction)].row2),
                    origin: SIMD2<Float>(image.centre + engine.shifts.offsets[Int(node.shift)]),
                    mass: masses[index])
            },
            directionReach: engine.directions.spacing, shiftReach: engine.shifts.spacing,
            angleReach: 2 * .pi / Double(layout.grid.angleCount))
    }

    /// The in-plane angles that hold most, of d and −d together and without the weights of draws.
    private func angleMemory() -> [PoseMemory.AngleEntry] {
        let step = 2 * Float.pi / Float(layout.grid.angleCount)
        let masses = (0..<layout.grid.angleCount).map { angle in
            (scratch.histogram.pointer[2 * angle] + scratch.histogram.pointer[2 * angle + 1])
                * scratch.angleInclusions.pointer[2 * angle]
        }
        return Self.heaviest(masses, count: PoseMemory.capacity).filter { masses[$0] > 0 }.map {
            PoseMemory.AngleEntry(angle: Float($0) * step, mass: masses[$0])
        }
    }

    private func spread(_ sums: [CircleSum], _ total: Total) -> PosteriorSpread {
        var (directions, shifts) = (0.0, [Double](repeating: 0, count: engine.shifts.offsets.count))
        var (direct, opposite, last) = (0.0, 0.0, Int32(-1))
        func close() { directions += direct * direct + opposite * opposite }
        for (sum, node) in zip(sums, draw.nodes) {
            if node.direction != last {
                close()
                (direct, opposite, last) = (0, 0, node.direction)
            }
            let factor = exp(Double(sum.peak) - total.logSum)
            direct += Double(sum.direct) * factor
            opposite += Double(sum.opposite) * factor
            shifts[Int(node.shift)] += Double(sum.direct + sum.opposite) * factor
        }
        close()
        var (angles, angleTotal) = (0.0, 0.0)
        for angle in 0..<layout.grid.angleCount {
            let mass = Double(
                scratch.histogram.pointer[2 * angle] + scratch.histogram.pointer[2 * angle + 1])
            angles += mass * mass
            angleTotal += mass
        }
        return PosteriorSpread(
            directions: 1 / max(directions, 1e-300),
            angles: angles > 0 ? angleTotal * angleTotal / angles : 1,
            shifts: 1 / max(shifts.reduce(0) { $0 + $1 * $1 }, 1e-300))
    }
}
