import CryoInference
import CryoKernelInterface
import CryoKernels

#if arch(x86_64)
    import CCPU
    import CryoKernelsAVX2
    import CryoKernelsAVX512
#endif

/// Every set of kernels that this CPU can run, the plainest first.
enum AvailableKernels {
    static let all: [PoseKernels] = {
        #if arch(x86_64)
            var sets = [CryoKernels.KernelModule.table(name: "baseline")]
            if cpu_level() >= 3 { sets.append(CryoKernelsAVX2.KernelModule.table(name: "AVX2")) }
            if cpu_level() >= 4 { sets.append(CryoKernelsAVX512.KernelModule.table(name: "AVX-512")) }
            return sets
        #else
            return [KernelModule.table(name: "baseline")]
        #endif
    }()

    /// Their names, for parametrised tests.
    static let names = all.map(\.name)

    /// The set of a name.
    static func named(_ name: String) -> PoseKernels { all.first { $0.name == name } ?? all[0] }
}
