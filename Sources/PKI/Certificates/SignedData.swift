/// `SEQUENCE { content, signature algorithm, signature }`: what a certificate, a request and a revocation list are.
struct SignedData: Sendable, Equatable {
  let content: Range<Int>
  private let contentStart: Int
  private let algorithm: Range<Int>
  private let algorithmContent: Range<Int>
  private let signature: Range<Int>

  /// Reads the outermost element, which must be all there is.
  init(_ reader: inout DERReader, _ what: String) throws(PKIError) {
    var outer = try reader.enter(DERReader.Tag.sequence, what)
    try reader.expectEnd(what)
    let content = try outer.next(DERReader.Tag.sequence, "the content of \(what)")
    let algorithm = try outer.next(DERReader.Tag.sequence, "the signature's algorithm")
    signature = try outer.octetsOfBits("the signature")
    try outer.expectEnd(what)
    self.content = content.content
    contentStart = content.start
    self.algorithm = algorithm.whole
    algorithmContent = algorithm.content
  }

  /// A reader of the signed content.
  func content(of reader: DERReader) -> DERReader {
    reader.inside(DERReader.Element(tag: DERReader.Tag.sequence, start: contentStart, content: content))
  }

  /// The algorithm stands in the signed content too, and must be the same (RFC 5280, 4.1.1.2 and 5.1.1.2).
  func expectAlgorithm(_ inner: ArraySlice<UInt8>, _ der: [UInt8], _ what: String) throws(PKIError) {
    guard inner == der[algorithm] else { throw PKIError("\(what) names two signature algorithms") }
  }

  /// What people name the algorithm.
  func algorithmText(_ der: [UInt8]) throws(PKIError) -> String { try AlgorithmText.signature(algorithmReader(der)) }

  /// - Throws: when the algorithm isn't supported or isn't one of the key.
  func isValid(_ der: [UInt8], publicKeyDER: [UInt8]) throws(PKIError) -> Bool {
    try SignatureAlgorithm(algorithmReader(der)).isValid(
      signature: der[signature], of: der[contentStart..<content.upperBound], publicKeyDER: publicKeyDER)
  }

  private func algorithmReader(_ der: [UInt8]) -> DERReader {
    DERReader(der).inside(
      DERReader.Element(tag: DERReader.Tag.sequence, start: algorithm.lowerBound, content: algorithmContent))
  }
}
