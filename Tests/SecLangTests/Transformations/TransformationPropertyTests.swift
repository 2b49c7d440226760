import SecLang
import Testing

/// What holds for every transformation and value.
@Suite struct TransformationPropertyTests {
  /// What `leavesUnchanged` says must be true, false must mean the value itself, and then the output is left alone.
  @Test(arguments: Transformation.allCases)
  func saysTruly(_ transformation: Transformation) {
    var random = TransformationRandom(part: UInt64(transformation.rawValue))
    var output: [UInt8] = []
    for round in 0..<4000 {
      let input = random.value(limit: round % 100 == 0 ? 2000 : 48)
      let before = output
      let set = ByteSet(of: input.span)
      let isChanged = transformation.apply(input.span, into: &output, tables: TransformationTables())
      func place() -> String { "seed \(random.seed): \(transformation) of \(input)" }
      if isChanged {
        if output == input { Issue.record("\(place()) is no change") }
        if transformation.leavesUnchanged(set) { Issue.record("\(place()) changes against its set") }
        if let after = transformation.occurring(after: set), !ByteSet(of: output.span).isSubset(of: after) {
          Issue.record("\(place()) has other bytes than was said")
        }
      } else if output != before {
        Issue.record("\(place()) wrote")
      }
      let bit = Transformation.leftUnchanged(set) >> UInt64(transformation.rawValue) & 1
      if bit != (transformation.leavesUnchanged(set) ? 1 : 0) { Issue.record("\(place()): the masks differ") }
    }
  }

  /// Each byte alone, and with each fragment beside it.
  @Test(arguments: Transformation.allCases)
  func leavesSingleBytes(_ transformation: Transformation) {
    for byte in UInt8.min...UInt8.max {
      for count in [1, 2, 3, 7] {
        let input = [UInt8](repeating: byte, count: count)
        if transformation.leavesUnchanged(ByteSet(of: input.span)) {
          #expect(transformation.result(input) == input, "\(transformation) of \(count) × \(byte)")
        }
      }
    }
  }

  @Test func nothingBecomesOfNothing() {
    for transformation in Transformation.allCases {
      let result = transformation.result([])
      switch transformation {
      case .length: #expect(result == Array("0".utf8))
      case .md5: #expect(result.count == 16)
      case .sha1: #expect(result.count == 20)
      default: #expect(result.isEmpty, "\(transformation)")
      }
    }
  }

  /// The memory of the output is used again.
  @Test func outputsKeepTheirMemory() {
    var output: [UInt8] = []
    output.reserveCapacity(4096)
    let capacity = output.capacity
    let input = Array("%41 A\\x41/*x*/../&lt;é".utf8)
    for transformation in Transformation.allCases {
      _ = transformation.apply(input.span, into: &output, tables: TransformationTables())
      #expect(output.capacity == capacity, "\(transformation)")
    }
  }

  /// A quarter of a megabyte of what each transformation works at most with.
  @Test(arguments: [
    "../", "/*", "&#", "&lt", "%u", "%", "\\", "\\x", "[", "[]", "0x", "é", " /", "--", "*/", "<!--", "\u{0}",
  ])
  func takesTimeInProportion(_ fragment: String) {
    let input = Array(String(repeating: fragment, count: 250_000 / fragment.utf8.count).utf8)
    for transformation in Transformation.allCases { _ = transformation.result(input) }
  }

  @Test func namesAreFoundInAnyCase() {
    #expect(Transformation(name: "URLDECODEUNI") == .urlDecodeUni)
    #expect(Transformation(name: "normalisePath") == .normalizePath)
    #expect(Transformation(name: "normalizePathWin") == .normalizePathWin)
    #expect(Transformation(name: "utf8ToUnicode") == .utf8toUnicode)
    #expect(Transformation(name: "unknown") == nil)
    for transformation in Transformation.allCases {
      #expect(Transformation(name: "\(transformation)") == transformation)
    }
    #expect(Set(Transformation.names.compactMap { Transformation(name: $0) }).count == Transformation.allCases.count)
  }
}
