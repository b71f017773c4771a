#if arch(x86_64)
    import CCPU
    import CryoKernelInterface
    import CryoKernels
    import CryoKernelsAVX2
    import CryoKernelsAVX512
    import Foundation

    /// The kernels for this machine.
    public enum KernelSet {
        /// The widest instruction set that the CPU offers; `DAYBREAK_ISA=2|3|4` can only lower it.
        public static let best: PoseKernels = {
            let wanted = ProcessInfo.processInfo.environment["DAYBREAK_ISA"].flatMap { Int($0) } ?? 4
            switch min(wanted, Int(cpu_level())) {
            case 4...: return CryoKernelsAVX512.KernelModule.table(name: "AVX-512")
            case 3: return CryoKernelsAVX2.KernelModule.table(name: "AVX2")
            default: return CryoKernels.KernelModule.table(name: "baseline")
            }
        }()
    }
#else
    import CryoKernelInterface
    import CryoKernels

    /// The kernels for this machine.
    public enum KernelSet {
        /// The one set of kernels that exists for this architecture.
        public static let best: PoseKernels = KernelModule.table(name: "baseline")
    }
#endif
