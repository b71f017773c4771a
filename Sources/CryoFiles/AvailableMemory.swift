import Glibc

/// How much memory this process may still take, by all that Linux limits.
public struct AvailableMemory: Sendable, Equatable {
    /// Bytes that can be had now without swapping.
    public var now: Int
    /// Bytes that there would be if nothing else ran.
    public var most: Int

    /// Asks the system: memory, control group (version 2 or 1) and address space (`ulimit -v`).
    public init() {
        let fields = Self.fields("/proc/meminfo")
        now = fields["MemAvailable:"].map { $0 << 10 } ?? .max
        most = fields["MemTotal:"].map { $0 << 10 } ?? .max
        for (limit, used) in Self.controlGroups() {
            now = min(now, max(0, limit - used))
            most = min(most, limit)
        }
        var address = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &address) == 0,
            address.rlim_cur < UInt(Int.max)
        {
            let taken = (Self.fields("/proc/self/status")["VmSize:"] ?? 0) << 10
            now = min(now, max(0, Int(address.rlim_cur) - taken))
            most = min(most, Int(address.rlim_cur))
        }
    }

    /// The most bytes that this process has had in memory so far; nil where the system does not say.
    public static var peak: Int? { fields("/proc/self/status")["VmHWM:"].map { $0 << 10 } }

    /// Limit and use of every control group that this process is in, also of those above it.
    private static func controlGroups() -> [(limit: Int, used: Int)] {
        var found: [(limit: Int, used: Int)] = []
        for line in text("/proc/self/cgroup").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory")
            else {
                continue
            }
            let isSecond = parts[1].isEmpty
            let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            let names =
                isSecond
                ? ("memory.max", "memory.current") : ("memory.limit_in_bytes", "memory.usage_in_bytes")
            var folder = Substring(parts[2])
            while true {
                let place = root + (folder == "/" ? "" : folder)
                if let limit = number("\(place)/\(names.0)"), let used = number("\(place)/\(names.1)") {
                    // What files are cached can be had.
                    let cached = fields("\(place)/memory.stat")["inactive_file"] ?? 0
                    found.append((limit, max(0, used - cached)))
                }
                guard let slash = folder.lastIndex(of: "/"), folder != "/" else { break }
                folder = slash == folder.startIndex ? "/" : folder[..<slash]
            }
        }
        return found
    }

    private static func text(_ path: String) -> String {
        guard let file = unsafe fopen(path, "re") else { return "" }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        // Safe: at most as many bytes as there are; the file is closed on the way out.
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func number(_ path: String) -> Int? {
        Int(text(path).prefix { !$0.isWhitespace })
    }

    /// The first number of each line, by the line's first word.
    private static func fields(_ path: String) -> [Substring: Int] {
        var result: [Substring: Int] = [:]
        for line in text(path).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let value = Int(words[1]) { result[words[0]] = value }
        }
        return result
    }
}
