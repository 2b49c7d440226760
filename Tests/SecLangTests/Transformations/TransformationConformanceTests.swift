import SecLang
import Testing

@Suite(.enabled(if: ModSecurityCase.isThere, "set SLUICE_CONFORMANCE to the conformance data"))
struct TransformationConformanceTests {
  @Test(arguments: ModSecurityCase.names("transformations"))
  func resultsAreThoseOfModSecurity(_ name: String) throws {
    let transformation = try #require(Transformation(name: name), "`\(name)` is unknown")
    let cases = try ModSecurityCase.read("transformations", name)
    #expect(!cases.isEmpty)
    for item in cases {
      let input = ModSecurityCase.bytes(item.input)
      let expected = ModSecurityCase.bytes(item.output ?? "")
      let result = transformation.result(input)
      #expect(result == expected, "\(name) of \(input.prefix(120)): \(result.prefix(120))")
    }
  }
}
