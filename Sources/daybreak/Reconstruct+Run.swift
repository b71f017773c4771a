import ArgumentParser
import CryoCore
import CryoFiles
import CryoInference
import CryoReconstruction
import CryoReport
import CryoWeb
import Foundation
import Logging

/// Carrying out a run, and saying what came of it.
extension Reconstruct {
    func run() throws {
        let events = display.json ? JSONEvents() : nil
        do { try runToTheEnd(events) } catch {
            // A status has said why.
            if !(error is ExitCode) { events?.failed(error) }
            throw error
        }
    }

    private func runToTheEnd(_ events: JSONEvents?) throws {
        if let verify = place.verify { return try verifyRun(verify, events) }
        if let port = display.webPort { try PageServer.refuseBusy(port: port) }
        Interruption.listen()
        var job =
            try place.resume.map { try resumedJob($0) } ?? place.extend.map { try extendedJob($0) }
            ?? newJob()
        let transcript = Transcript(continuing: (place.resume ?? place.extend).map { "\($0)/log.txt" })
        let screen = TerminalScreen()
        let log = Logger(label: "daybreak") { _ in
            RunLogHandler(
                transcript: transcript, terminalLevel: display.quiet ? .error : .info, screen: screen,
                events: events)
        }
        defer { try? job.folder.write(transcript.data, to: "log.txt") }
        let page = try startPage(job, screen, events)
        defer { page?.server.finish() }
        describe(job, log)
        events?.started(job)
        // It was only to be described, and holds what is known of every particle.
        job.asked = nil
        let console = RunConsole(
            screen: screen, isQuiet: display.quiet, events: events, log: log, live: page?.live)
        do { try finish(job, transcript, log, console) } catch {
            page?.live.end(
                (error as? Interrupted)?.message ?? "\(error)", isFinished: false)
            throw error
        }
    }

    /// The page that follows the run, if one was asked for; its address goes to no file, since it opens the page.
    private func startPage(
        _ job: Job, _ screen: TerminalScreen, _ events: JSONEvents?
    ) throws -> (server: PageServer, live: LiveRun)? {
        guard let port = display.webPort else { return nil }
        let live = LiveRun(folder: job.folder.path, images: job.particles) { Interruption.stop() }
        let server = try PageServer(live: live, port: port)
        screen.say("page: \(server.address)")
        events?.page(server.address)
        return (server, live)
    }

    /// Carries out a job, and with the symmetry that its map has another.
    private func finish(
        _ job: Job, _ transcript: Transcript, _ log: Logger, _ console: RunConsole
    ) throws {
        let result = try carryOut(job, transcript, console)
        if let search = job.plan.symmetrySearch,
            let symmetric = try symmetricJob(after: job, search, result, log)
        {
            return try finish(symmetric, transcript, log, console)
        }
        let folder = job.folder
        let record = RunRecord(
            version: Version.current, command: job.plan.command, input: job.plan.input, run: job.run,
            result: result, imageNames: job.particles.imageNames, instructionSet: KernelSet.best.name,
            threads: job.parallel.threads, warnings: job.particles.warnings, firstPart: job.plan.firstPart)
        try folder.write(result, particles: job.particles, record: record)
        try Picture(montageOf: [result.map])
            .writePNG(to: URL(fileURLWithPath: folder.file("map.png")))
        try folder.write(Data(ReportPage(folder: folder.path).html().utf8), to: "report.html")
        try folder.keepState(version: Version.current)
        conclude(record, log)
        if let hint = namesHint(job.particles) { log.info("\(hint)") }
        log.info("wrote \(folder.path): report.html, map.mrc, particles.star and more")
        console.live?.end(
            (record.caution.map { $0 + " " } ?? "")
                + "Everything is in \(folder.path); open its report.html, or: daybreak view \(folder.path)",
            isFinished: true)
        console.events?.finished(record, folder: folder.path)
    }

    private func carryOut(
        _ job: Job, _ transcript: Transcript, _ console: RunConsole
    ) throws -> Reconstruction.Result {
        console.begin(job)
        var keeper = CheckpointKeeper(
            folder: job.folder, particles: job.particles, transcript: transcript,
            interval: place.checkpointEvery)
        defer { console.endRegion() }
        job.run.isToStop = { Interruption.signal != nil }
        do {
            return try job.run.run(from: job.progress) {
                console.note($0)
            } checkpoint: {
                console.look(at: $0, of: job.run)
                try keeper.look(at: $0, endsPhase: job.run.endsPhase(at: $0))
            }
        } catch ReconstructionError.givenUp {
            throw try keeper.interruptionWithinIteration()
        }
    }

    /// What came of the run, and what to beware of.
    private func conclude(_ record: RunRecord, _ log: Logger) {
        let particles = record.particles
        log.info("\(particles.used) particles have a pose")
        if particles.setAside > 0 {
            log.info("\(particles.setAside) particles were set aside; set-aside.star lists them and why")
        }
        if particles.junk > 0 {
            log.info(
                "\(particles.junk) particles are probably images of nothing (rlnParticleFigureOfMerit < 0.5)")
        }
        if let turn = particles.medianTurn, let shift = particles.medianShift {
            log.info(
                "poses are known to \(ParticleAccount.text(angleError: turn)) and \(String(format: "%.1f Å", shift)) (medians, if each is at the right peak)"
            )
        }
        if let deviation = particles.scaleDeviation {
            log.info(
                "images show the density with strengths that differ by \(Int((100 * deviation).rounded())) % (standard deviation)"
            )
        }
        for start in record.starts where record.starts.count > 1 || start.shortStarts != nil {
            let evidence = String(format: "%.1f", start.logEvidence)
            let poses = start.effectivePoses.map { String(format: ", %.0f poses fit one", $0) } ?? ""
            let share =
                start.explainedShare.map { String(format: ", %.0f %% of the signal explained", 100 * $0) }
                ?? ""
            let constraint = start.chance == nil ? "" : ", without positivity"
            let short = start.shortStartsText.map { ", \($0)" } ?? ""
            let agreement = start.agreementText.map { ", " + $0 } ?? ""
            let colour =
                record.contrastGain == nil
                ? "" : start.contrast.map { ", protein \(ContrastDetection.colour($0))" } ?? ""
            log.info(
                "start \(start.seed)\(start.limitText)\(constraint)\(colour): log-evidence \(evidence) an image\(poses)\(share)\(start.isKept ? ", kept" : agreement)\(short)"
            )
        }
        if let gain = record.contrastGain {
            log.info(
                "protein is \(record.contrast.colour) in the images, which prefer it by \(String(format: "%.1f", gain)) nats each"
            )
        }
        if let resolution = record.resolution {
            log.info(
                """
                half-sets agree to \(String(format: "%.1f", resolution.corrected0143)) Å\(resolution.isAtLimit == true ? ", as far as images of this pixel size go" : "") (FSC 0.143 in the particle's \
                mask, corrected for it), \(String(format: "%.1f", resolution.fsc0143)) Å without it\
                \(resolution.supported == nil ? "; unseen images do not support it: no resolution is claimed" : "")
                """)
        }
        if let check = record.positivityCheck {
            let gain = String(format: "%.1f ± %.1f", abs(check.gain), check.standardError)
            log.info(
                "unseen images prefer the map \(check.gain > 0 ? "with its" : "without") negative values by \(gain) nats each\(check.isKept ? "" : ", so they are kept")"
            )
        }
        if let check = record.nullCheck {
            let gain = String(format: "%.1f ± %.1f", check.gain, check.standardError)
            log.info("unseen images prefer the map to its radial average by \(gain) nats each")
        }
        if let hashes = record.hashes {
            log.info("SHA-256 of the map \(hashes.map), of the poses \(hashes.poses)")
        }
        for doubt in record.doubts { log.warning("\(doubt)") }
    }

    /// Says where the image names of the output start from, if that is not the working folder.
    private func namesHint(_ set: ParticleSet) -> String? {
        guard let name = set.particles.first.flatMap({ ImageName($0.imageName) })?.path,
            !name.hasPrefix("/"), !FileManager.default.fileExists(atPath: name),
            let stack = set.stackPaths.first(where: { $0.hasSuffix("/" + name) })
        else { return nil }
        return "image names in particles.star start from \(stack.dropLast(name.count + 1)): "
            + "run other programs there, or give it as --root"
    }

    private func source(of run: Reconstruction) -> String {
        guard let estimate = run.diameterEstimate else { return "" }
        return estimate.isFromImages
            ? " by the images (--diameter if you know it)" : " (0.8 of the box; give --diameter)"
    }

    /// A diameter in pixels, nm or of another particle makes a map of nothing.
    private func warn(ifFarFromImages told: Double, _ set: ParticleSet, _ parallel: Parallel, _ log: Logger) {
        let seen = DiameterEstimate(source: set, limit: 300, parallel: parallel)
        guard seen.isFromImages, !(0.6...1.7).contains(told / seen.diameter) else { return }
        let sizes = String(
            format: "--diameter is %.0f Å, and what images show measures some %.0f Å", told, seen.diameter)
        log.warning("\(sizes); it is wanted in Å")
    }

    private func describe(_ job: Job, _ log: Logger) {
        let (set, run, parallel) = (job.particles, job.asked ?? job.run, job.parallel)
        if let progress = job.progress {
            let aim =
                place.extend == nil ? "" : String(format: ", to %.1f Å at most", run.plannedResolutions.last)
            return log.info("going on after iteration \(progress.iterationNumber)\(aim)")
        }
        for warning in set.warnings { log.warning("\(warning)") }
        if let remark = set.remarkOnNamesElsewhere { log.info("stacks elsewhere: \(remark)") }
        log.info(
            """
            daybreak \(Version.current) · \(set.count) particles of \(set.boxSize) px, \(set.pixelSize) Å/px \
            · \(parallel.threads) thread\(parallel.threads == 1 ? "" : "s"), \(KernelSet.best.name)
            """)
        log.info(
            """
            diameter \(String(format: "%.0f", run.diameter)) Å\(source(of: run)) · symmetry \(run.parameters.symmetry) \
            · seed \(run.parameters.seed)
            """)
        if let told = run.parameters.diameter, run.diameterEstimate == nil {
            warn(ifFarFromImages: told, set, parallel, log)
        }
        let (first, last) = run.plannedResolutions
        log.info(
            """
            resolution goes from \(String(format: "%.1f", first)) to \(String(format: "%.1f", last)) Å at most
            """)
        if run.parameters.halves, run.isTooSmallForHalves {
            log.info(
                "of fewer than \(Reconstruction.leastHalves) particles no half-sets are made, so nothing tells the resolution"
            )
        }
        if let told = job.plan.symmetrySearch?.told {
            log.info("the axes of \(told.name) are looked for first, without symmetry")
        }
        let memory = AvailableMemory()
        log.info(
            "memory needed is about \(run.memoryEstimate.text); \(MemoryEstimate.text(Double(memory.now))) are free"
        )
        if run.memoryEstimate.total > Double(memory.now) {
            log.warning("\(Self.shortage(run, memory.now, "only"))")
        }
        let colour = run.contrast.colour
        if run.parameters.contrast == nil {
            let significance = String(format: "%.1f", run.contrast.significance)
            log.info("protein is \(colour) in the images (\(significance) standard errors)")
            if run.triesBothContrasts {
                log.info("that is not clear, so both are tried, and what explains images better is kept")
            } else if !run.contrast.isClear {
                log.warning(
                    "the contrast is not certain; give --contrast white or black if the map looks hollow")
            }
        } else {
            log.info("protein is \(colour), as told")
        }
    }
}
