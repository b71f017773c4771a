import CryoFuzzing
import Foundation

/// What libFuzzer calls; the reader is the one that `DAYBREAK_FUZZ` names.
private let trial: ReaderTrial = {
    let name = ProcessInfo.processInfo.environment["DAYBREAK_FUZZ"] ?? ""
    guard let reader = FuzzedReader(rawValue: name), let trial = try? ReaderTrial(reader) else {
        let known = FuzzedReader.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("DAYBREAK_FUZZ is '\(name)'; expected one of \(known)")
    }
    return trial
}()

/// Gives one input to the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    trial.read([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// SwiftPM wants an entry point; libFuzzer's own is the one that is linked as `main`.
@main
struct Driver {
    static func main() {}
}
