import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// One of several random starts.
public struct StartRecord: Codable, Sendable, Equatable {
    /// Its seed.
    public var seed: UInt64
    /// The limit of its anneal as a resolution, in Å; nil in records of older versions.
    public var resolution: Double?
    /// Images in the largest minibatch of its anneal; nil in records of older versions.
    public var batchSize: Int?
    /// Which of the run's plans its anneal followed; nil in records of older versions.
    public var repetition: Int?
    /// The mean log-evidence an image at the end of its anneal, untempered, in nats.
    public var logEvidence: Double
    /// The median effective number of poses there of an image that is no junk; nil in records of older versions.
    public var effectivePoses: Double?
    /// The share of the images' signal up to that limit which its map explains; nil if they hold none.
    public var explainedShare: Double?
    /// What its map may gain by chance since it was learnt without positivity, in nats an image; nil for one that was not.
    public var chance: Double?
    /// +1 if protein was taken for white, −1 if for black; nil in records of older versions.
    public var contrast: Int?
    /// Whether the run went on from it.
    public var isKept: Bool
    /// The short starts of which it is the best; nil where there were none, and in records of older versions.
    public var shortStarts: [ShortStart]?
    /// To what resolution the detail of its map at the end of its anneal, laid upon that of the kept one, agrees with it (FSC 0.5), in Å.
    ///
    /// No finer than either was learnt; nil for the kept one, for one without a map, and in records of older versions.
    public var agreement: Double?

    /// The limit of its anneal, in words that follow others; empty where it is not known.
    public var limitText: String { resolution.map { String(format: " at %.1f Å", $0) } ?? "" }

    /// How far its map agrees with the kept one, in words; nil where that is not known.
    public var agreementText: String? {
        agreement.map {
            $0.isFinite
                ? String(format: "agrees with the kept one to %.1f Å", $0)
                : "is another map than the kept one"
        }
    }

    /// Of how many short starts it is the best, and what these had, in words; nil where there were none.
    public var shortStartsText: String? { shortStarts?.text }

    /// Whether hardly more is to be found in the images; so too where nothing is known of it.
    public var explainsMost: Bool { explainedShare.map { $0 >= ExplainedSignal.most } ?? true }

    /// Whether as much is explained as by right maps; so too where nothing is known of it.
    public var explainsEnough: Bool { explainedShare.map { $0 >= ExplainedSignal.enough } ?? true }

    /// Whether images prefer it to an earlier start.
    ///
    /// A finer limit must tell them something: where they hold nothing, the best of many limits would be a finer one by chance,
    /// and all of it the half-sets would have in common. So must negative values tell them more than noise gives so many of them by chance.
    func isBetter(than earlier: StartRecord) -> Bool {
        logEvidence - (chance ?? 0) > earlier.logEvidence - (earlier.chance ?? 0)
            + (resolution == earlier.resolution ? 0 : NullCheck.leastGain)
    }

    /// What a map that may be negative may gain of noise by chance, in nats an image: a nat for each of its free values, which are as many as
    /// fit into the particle's sphere at the map's resolution.
    ///
    /// Half a nat is what the maximum of a likelihood gains for each. Maps of 300 and of 1,000 images of white noise, of 230 Å to 21 Å, gained
    /// 4.0 and 1.4 nats an image, which is 0.87 and 1.03 of that: poses are fitted too. So twice as much is asked.
    static func chance(diameter: Double, resolution: Double, imageCount: Int) -> Double {
        let details = diameter / resolution
        let values = 2 * Double.pi * Double.pi / 9 * details * details * details
        return values / Double(max(1, imageCount))
    }

    /// By how many nats images prefer a contrast at the end of the last anneals with both; nil if one alone was tried.
    static func gain(ofContrast sign: Int, _ starts: [StartRecord]) -> Double? {
        func best(_ sign: Int, like start: StartRecord) -> Double? {
            starts.filter { $0.contrast == sign && $0.repetition == start.repetition }
                .map(\.logEvidence).max()
        }
        return starts.reversed().lazy.compactMap { start in
            guard let wanted = best(sign, like: start), let other = best(-sign, like: start) else {
                return nil
            }
            return wanted - other
        }.first
    }
}

extension Sequence<StartRecord> {
    /// The one that images prefer.
    var best: StartRecord? {
        reduce(nil as StartRecord?) { best, next in
            guard let best, !next.isBetter(than: best) else { return next }
            return best
        }
    }

    /// The plan of the best start, to be followed from others if its limit rises; nil after as many further rounds of such plans as `most`.
    ///
    /// - Parameter roundSize: How many starts follow a plan at a time.
    func unsettled(
        among plans: [[IterationPlan]], atMost most: Int, roundSize: (Int) -> Int
    ) -> Int? {
        let starts = Dictionary(grouping: compactMap(\.repetition)) { $0 }.mapValues(\.count)
            .filter { plans.indices.contains($0.key) && plans[$0.key].rises }
        let further = starts.reduce(0) { $0 + ($1.value - 1) / Swift.max(1, roundSize($1.key)) }
        guard let place = best?.repetition, starts[place] != nil, further < most else { return nil }
        return place
    }
}

extension ReconstructionParameters {
    /// Whether images tell their poses after an anneal, if so many fit one: at most twice as many as it is led to.
    func isTelling(effectivePoses: Double) -> Bool { effectivePoses <= 2 * annealEnd }
}

/// Several random starts, of which the one that explains images best goes on.
///
/// Where the images' low frequencies do not tell whether protein is white or black, each contrast gets its starts: of EMD-1977's
/// particles the right one ended its anneal with 18.8 nats an image, the wrong one with 7.4.
///
/// A start that ends in a wrong minimum says so: β-galactosidase with D2 imposed from the beginning went wrong in 2 of 8 starts,
/// whose images then had half the evidence of those of the others. Without symmetry one start is enough.
///
/// An anneal may be wrong from every seed. Of EMD-1977 and of pieces of molecules of 114 to 183 kDa all with 80 images a step
/// were, and most with 320 right; so where images hold more than the map explains, all begins anew with larger minibatches. They may not
/// tell their poses at its limit either, which shows in a hundred poses that fit an image where six should; then all begins
/// anew at a finer one, and at last with the coarse shape and a limit that rises. Whether a random start gets that far is luck
/// with images as noisy as that, and evidence tells in the end (3.9 nats of a right map of the 30S at SNR 0.02, 3.1 of those that stood still), so
/// where none was good enough, the kind of anneal that images preferred has further starts.
extension Reconstruction {
    /// The number of starts of the first anneals, for all contrasts.
    var startCount: Int { startsEach * contrasts.count }

    /// The number of starts for each contrast: as told, else three under a symmetry and one without.
    private var startsEach: Int {
        startsAtRandom ? parameters.starts ?? (symmetry.order > 1 ? 3 : 1) : 1
    }

    var startsAtRandom: Bool { annealCount(0) > 0 && initialDensity == nil }

    /// The contrasts under which the density is looked for, one start after the other: both where the images do not tell.
    private var contrasts: [Int] {
        let isClear = parameters.contrast != nil || detectedContrast.isClear || !startsAtRandom
        return isClear ? [detectedContrast.sign] : [detectedContrast.sign, -detectedContrast.sign]
    }

    /// Whether protein is taken for white and for black, and evidence decides.
    public var triesBothContrasts: Bool { contrasts.count > 1 }

    /// The contrasts that the first anneals left open; both until they are done.
    private func openContrasts(_ records: [StartRecord]) -> [Int] {
        guard contrasts.count > 1, records.count >= startCount,
            let gain = StartRecord.gain(ofContrast: contrasts[0], Array(records.prefix(startCount))),
            abs(gain) >= 1
        else { return contrasts }
        return [gain > 0 ? contrasts[0] : contrasts[1]]
    }

    /// Where the start that is being annealed stands among those of its kind of anneal; nil once one was chosen.
    func place(of progress: RunProgress) -> (index: Int, count: Int)? {
        guard progress.start != nil else { return nil }
        let records = progress.records
        let count = roundSize(after: records)
        return (records.reversed().prefix { $0.repetition == progress.repetition }.count % count, count)
    }

    /// The number of starts of the present anneal, for all contrasts that are open.
    private func roundSize(after records: [StartRecord]) -> Int {
        startsEach(after: records) * openContrasts(records).count
    }

    /// The number of starts for each contrast: of repeated anneals one, unless none of the first ones is likely to be right.
    private func startsEach(after records: [StartRecord]) -> Int {
        guard records.count >= startCount, let best = records.prefix(startCount).best, best.explainsEnough
        else { return startsEach }
        return 1
    }

    /// The contrast of the start that is being annealed or was kept.
    func contrast(at progress: RunProgress) -> Int {
        if let place = place(of: progress) {
            let open = openContrasts(progress.records)
            return open[place.index % open.count]
        }
        return progress.records.first(where: \.isKept)?.contrast ?? detectedContrast.sign
    }

    /// Images on which starts are compared: held out, or else some spread over the set.
    private var comparedImages: [Int] {
        (split.heldOut.isEmpty ? split.learning : split.heldOut).spread()
    }

    /// Ranks the start whose anneal has ended, and begins the next or goes on with the best.
    func endStart(_ progress: inout RunProgress) {
        guard let start = progress.start, let place = place(of: progress), annealCount(0) > 0 else {
            progress.start = nil
            return
        }
        let best = progress.records.best
        var record = record(of: progress.states[0])
        record.shortStarts = progress.shortStarts?.compared
        // Starts are counted by it, so one of which nothing can be said has it too.
        record.repetition = progress.repetition
        let anneal = plans[progress.repetition].anneal
        record.resolution = anneal.last.map { source.boxLength / Double($0.ringCount) }
        record.batchSize = anneal.largestBatch
        if isFreed(anneal), let resolution = record.resolution {
            record.chance = StartRecord.chance(
                diameter: diameter, resolution: resolution, imageCount: anneal.largestBatch)
        }
        progress.records.append(record)
        progress.startDensities?.append(progress.states[0].density)
        if progress.best == nil || best.map(record.isBetter) ?? true {
            progress.best = RankedStart(progress)
        }
        progress.course.statistics = []
        if place.index + 1 < place.count {
            begin(start + 1, &progress)
        } else if let repetition = nextRepetition(progress) {
            progress.repetition = repetition
            begin(start + 1, &progress)
        } else if let best = progress.best {
            goOn(with: best, &progress)
        }
    }

    /// Whether an anneal is without the positivity that the settings ask for.
    func isFreed(_ anneal: [IterationPlan]) -> Bool { parameters.isPositive && !anneal.isPositive }

    /// Ends the anneal of a start whose density vanished, as that of the wrong contrast may; false if there is no other.
    func giveUpStart(_ progress: inout RunProgress) -> Bool {
        guard let place = place(of: progress), place.count > 1 || progress.best != nil else { return false }
        progress.iteration = annealCount(progress.repetition)
        progress.course.forgetEmptiness()
        return true
    }

    /// The plan with which all begins anew, if the best start so far is not good enough and there is one.
    private func nextRepetition(_ progress: RunProgress) -> Int? {
        guard initialDensity == nil, let best = progress.records.best else { return nil }
        let tellsPoses = parameters.isTelling(effectivePoses: best.effectivePoses ?? 1)
        if tellsPoses && best.explainsMost { return nil }
        // A further start has followed a plan that others came after.
        let latest = progress.records.compactMap(\.repetition).max() ?? progress.repetition
        let next = IterationSchedule.repetition(
            after: latest, of: plans, mayBeFiner: !tellsPoses, best: best.repetition ?? 0)
        if next != nil || tellsPoses || parameters.maxIterations != nil { return next }
        return progress.records.unsettled(among: plans, atMost: parameters.annealRestarts) { repetition in
            repetition == 0 ? startCount : roundSize(after: progress.records)
        }
    }

    private func begin(_ start: Int, _ progress: inout RunProgress) {
        (progress.start, progress.iteration) = (start, 0)
        progress.shortStarts = ShortStarts()
        forgetAll(&progress, seed: seed(ofStart: start))
        images.sign = Float(contrast(at: progress))
    }

    /// Knows no more than the seed of a start; the particles are where the files have them.
    func forgetAll(_ progress: inout RunProgress, seed: UInt64) {
        progress.states = [startState(seed: seed)]
        setCentres([SIMD2<Double>](repeating: .zero, count: images.centres.count), &progress)
    }

    /// Goes through the limits with momentum once more: nothing is known but the map.
    ///
    /// Poses, centres and the density's last change would lead back to where it stood still.
    func climbAgain(_ progress: inout RunProgress) {
        let density = progress.states[0].density
        forgetAll(&progress, seed: progress.states[0].seed)
        progress.states[0].origin = density
    }

    private func goOn(with best: RankedStart, _ progress: inout RunProgress) {
        (progress.start, progress.best, progress.repetition) = (nil, nil, best.repetition)
        // The last anneal may have been a longer one.
        progress.iteration = annealCount(best.repetition)
        resume(best, &progress)
        for index in progress.records.indices {
            progress.records[index].isKept = progress.records[index].seed == best.state.seed
        }
        images.sign = Float(contrast(at: progress))
        compareStarts(&progress)
    }

    /// Knows what an earlier start knew.
    func resume(_ start: RankedStart, _ progress: inout RunProgress) {
        progress.states = [start.state]
        progress.course.statistics = start.statistics
        setCentres(start.centres, &progress)
    }

    /// Sets where particles are looked for, in what a checkpoint holds too.
    private func setCentres(_ centres: [SIMD2<Double>], _ progress: inout RunProgress) {
        images.centres = centres
        progress.centres = centres
    }

    /// Says how far the maps of the other starts agree with the kept one: what is the same from several does not depend on the seed.
    ///
    /// Without their radial averages: balls of nothing agree.
    private func compareStarts(_ progress: inout RunProgress) {
        defer { progress.startDensities = [] }
        guard let densities = progress.startDensities, densities.count > 1,
            densities.count == progress.records.count,
            let kept = progress.records.firstIndex(where: \.isKept),
            let reference = densities[kept]?.withoutRadialAverage
        else { return }
        let coarsest = progress.records[kept].resolution ?? 0
        for (index, density) in densities.enumerated() where index != kept {
            progress.records[index].agreement = density.map {
                let alignment = MapAlignment(
                    $0.withoutRadialAverage, to: reference, diameter: diameter, parallel: parallel)
                return max(
                    alignment.fsc.resolution(at: 0.5), progress.records[index].resolution ?? 0, coarsest)
            }
        }
    }

    /// What images say of a start; summed exactly.
    private func record(of state: RunState) -> StartRecord {
        var record = StartRecord(seed: state.seed, logEvidence: -.infinity, isKept: false)
        guard let stage = state.stage, let density = state.density else { return record }
        let visit = visit(comparedImages, of: density, stage, state.noise)
        guard !visit.indices.isEmpty else { return record }
        record.contrast = Int(images.sign)
        (record.logEvidence, record.effectivePoses) = (
            visit.meanLogEvidence, visit.medianEffectivePosesOfParticles
        )
        let polar = images.polarImages(
            visit.indices, preparation: stage.preparation, parallel: stage.parallel)
        record.explainedShare = ExplainedSignal.share(
            polar.images, visit.posteriors, poseCount: stage.engine.poseCount,
            noise: state.noise.variance(rings: stage.frame.ringCount),
            preparation: stage.preparation)
        return record
    }
}
