/// A number that stands for a row of verdicts (FNV-1a).
struct VerdictDigest {
  static let recordedCount = 20_000
  static let recordedSQL: UInt64 = 18_065_316_299_987_507_750
  static let recordedHTML: UInt64 = 2_592_184_088_004_106_813

  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ verdict: String?) {
    for byte in (verdict ?? "-").utf8 { add(byte) }
    add(0)
  }

  private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
}

extension InjectionMutator {
  /// The values behind the recorded digests.
  static var recordedSQL: InjectionMutator {
    InjectionMutator(
      seed: 0xD16E57, seeds: InjectionSamples.sqlValues, fragments: InjectionSamples.sqlFragments,
      patterns: InjectionSamples.sqlPatterns)
  }

  static var recordedHTML: InjectionMutator {
    InjectionMutator(seed: 0xD16E57, seeds: InjectionSamples.htmlValues, fragments: InjectionSamples.htmlFragments)
  }
}
