import SecLang
import Testing

@Suite struct ByteSetTests {
  @Test func holdsWhatOccurs() {
    var random = TransformationRandom()
    for _ in 0..<2000 {
      let bytes = random.value(limit: Int.random(in: 0..<50, using: &random) == 0 ? 600 : 40)
      let set = ByteSet(of: bytes.span)
      let expected = Set(bytes)
      for byte in UInt8.min...UInt8.max where set.contains(byte) != expected.contains(byte) {
        Issue.record("seed \(random.seed): \(byte) of \(bytes)")
      }
      #expect(set == ByteSet(bytes), "seed \(random.seed)")
      #expect(set.count == expected.count)
      #expect(set.isEmpty == bytes.isEmpty)
    }
  }

  @Test func compares() {
    var random = TransformationRandom()
    for _ in 0..<2000 {
      let left = Set(random.value(limit: 12))
      let right = Set(random.value(limit: 12))
      let (a, b) = (ByteSet(left), ByteSet(right))
      #expect(a.union(b) == ByteSet(left.union(right)))
      #expect(a.intersection(b) == ByteSet(left.intersection(right)))
      #expect(a.intersects(b) == !left.isDisjoint(with: right))
      #expect(a.isSubset(of: b) == left.isSubset(of: right))
      var sum = a
      sum.formUnion(b)
      #expect(sum == a.union(b))
    }
  }

  @Test func knownSets() {
    #expect(ByteSet.uppercase == ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z")))
    #expect(ByteSet.lowercase == ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z")))
    #expect(ByteSet.nonASCII == ByteSet(0x80...0xff))
    #expect(ByteSet.whitespace == ByteSet([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]))
  }
}
