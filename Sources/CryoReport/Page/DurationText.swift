/// A length of time as people say it.
public enum DurationText {
    /// Minutes and seconds; a dash for what is not known.
    public static func text(seconds: Double) -> String {
        guard seconds.isFinite else { return "–" }
        let whole = Int(seconds.rounded())
        return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
