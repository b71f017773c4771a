extension Array where Element == Float {
    /// The places of the `count` largest values, largest first; the first of equal ones.
    func largestPlaces(_ count: Int) -> [Int] {
        var places = [Int]()
        for (place, value) in enumerated() {
            if places.count == count, let last = places.last, value <= self[last] { continue }
            // Places are sorted, and memories ask for a thousand: halving finds the first that is smaller.
            var (position, end) = (0, places.count)
            while position < end {
                let middle = (position + end) / 2
                if self[places[middle]] < value { end = middle } else { position = middle + 1 }
            }
            places.insert(place, at: position)
            if places.count > count { places.removeLast() }
        }
        return places
    }
}
