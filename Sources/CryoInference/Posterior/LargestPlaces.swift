extension Array where Element == Float {
    /// The places of the `count` largest values, largest first; the first of equal ones.
    func largestPlaces(_ count: Int) -> [Int] {
        var places = [Int]()
        for (place, value) in enumerated() {
            if places.count == count, let last = places.last, value <= self[last] { continue }
            let position = places.firstIndex { self[$0] < value } ?? places.count
            places.insert(place, at: position)
            if places.count > count { places.removeLast() }
        }
        return places
    }
}
