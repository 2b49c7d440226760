import SecLang

/// What must hold for any bytes as a body. The fuzzer and the tests check the same.
///
/// The first byte chooses the reader, the second its limits and whether the body is cut off, the third where it is cut
/// into pieces; the rest is the body.
enum BodyProperties {
  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    guard bytes.count >= 3 else { return nil }
    let body = bytes[3...]
    let limits = limits(bytes[1])
    let isTruncated = bytes[1] & 0x80 != 0
    switch bytes[0] % 8 {
    case 0: return failure(body, bytes[2]) { .urlencoded($0, limits) }
    case 1: return failure(body, bytes[2]) { .json($0, limits, isTruncated: isTruncated) }
    case 2:
      let type = Array("multipart/form-data; boundary=B".utf8)
      return failure(body, bytes[2]) { .multipart($0, type: type[...], limits, isTruncated: isTruncated) }
    case 3:
      // The first line is the type.
      let end = body.firstIndex(of: 0x0a) ?? body.endIndex
      let type = body[..<end]
      return failure(body[end...].dropFirst(), bytes[2]) {
        .multipart($0, type: type, limits, isTruncated: isTruncated)
      }
    case 4: return failure(body, bytes[2]) { .xml($0, limits, isTruncated: isTruncated) }
    case 5: return headFailure(body, limits)
    default: return compressionFailure(body, bytes[1], bytes[2])
    }
  }

  /// Those of a gate, or so small that they are met.
  private static func limits(_ choice: UInt8) -> BodyLimits {
    var limits = BodyLimits()
    limits.storedBytes = 1 << 20
    limits.fileContentBytes = 100
    guard choice & 0x40 != 0 else { return limits }
    let small = Int(choice & 0x3f)
    limits.arguments = small & 3
    limits.storedBytes = 20 + 4 * small
    limits.jsonDepth = 1 + small & 3
    limits.multipartParts = 1 + small & 3
    limits.multipartHeaders = 1 + small >> 2 & 3
    limits.files = small >> 4 & 1
    limits.xmlDepth = 1 + small & 3
    limits.xmlElements = 1 + small >> 2 & 3
    limits.xmlAttributes = 1 + small >> 4
    return limits
  }

  // MARK: Bodies in pieces

  private static func failure(
    _ body: ArraySlice<UInt8>, _ cut: UInt8, _ read: ([ArraySlice<UInt8>]) -> BodyReading
  ) -> String? {
    let whole = read([body])
    for pieces in cuts(body, cut) {
      let other = read(pieces)
      if other != whole { return "\(pieces.map(\.count)): \(other) instead of \(whole)" }
    }
    return nil
  }

  /// Two pieces, and pieces of a few bytes, or of one where the body is short.
  private static func cuts(_ body: ArraySlice<UInt8>, _ cut: UInt8) -> [[ArraySlice<UInt8>]] {
    guard !body.isEmpty else { return [[]] }
    let middle = body.startIndex + Int(cut) % body.count
    let length = body.count <= 600 ? 1 : 1 + Int(cut) * 7
    let short = stride(from: body.startIndex, to: body.endIndex, by: length).map {
      body[$0..<min($0 + length, body.endIndex)]
    }
    return [[body[..<middle], body[middle...]], short]
  }

  // MARK: Head fields

  private static func headFailure(_ value: ArraySlice<UInt8>, _ limits: BodyLimits) -> String? {
    var cookies = FieldStore()
    let omitted = CookieParser.parse(value.span, into: &cookies, limits: limits)
    if cookies.count > limits.arguments || omitted < 0 { return "\(cookies.count) cookies" }
    if cookies.combinedSize > value.count { return "cookies of \(cookies.combinedSize) bytes" }
    let type = ContentType(value.span)
    if type.mediaType.count > value.count { return "a media type of \(type.mediaType.count) bytes" }
    if let boundary = type.parameter("boundary"), boundary.count > value.count { return "a boundary from nowhere" }
    _ = (type.isJSON, type.isXML, type.isMultipartForm, type.isURLEncodedForm)
    _ = try? Decompressor(contentEncoding: value.span)
    return nil
  }

  // MARK: Compression

  private static let codings: [[ContentCoding]] = [
    [.gzip], [.deflate], [.brotli], [.zstd], [.gzip, .brotli], [.zstd, .deflate], [.gzip, .gzip], [],
  ]

  private struct Output: Equatable {
    var bytes: [UInt8] = []
    var failure: DecompressionError?
  }

  private static func compressionFailure(_ body: ArraySlice<UInt8>, _ choice: UInt8, _ cut: UInt8) -> String? {
    var limits = DecompressionLimits()
    limits.outputBytes = 64 << 10
    if choice & 0x40 != 0 { limits.ratioFreeBytes = 1_000 }
    let codings = codings[Int(choice & 7)]
    let whole = decompress([body], codings, limits)
    if whole.bytes.count > limits.outputBytes, !codings.isEmpty { return "\(whole.bytes.count) bytes" }
    for pieces in cuts(body, cut) {
      let other = decompress(pieces, codings, limits)
      if other.bytes.count > limits.outputBytes, !codings.isEmpty { return "\(other.bytes.count) bytes" }
      // How much came out before an error, and which of two it is, depends on the pieces.
      if whole.failure == nil || other.failure == nil, other != whole {
        if isRatio(whole) || isRatio(other) { continue }
        return "\(pieces.map(\.count)): \(other) instead of \(whole)"
      }
    }
    return nil
  }

  /// The ratio is one of what has come so far.
  private static func isRatio(_ output: Output) -> Bool { output.failure == .ratio }

  private static func decompress(
    _ pieces: [ArraySlice<UInt8>], _ codings: [ContentCoding], _ limits: DecompressionLimits
  ) -> Output {
    var output = Output()
    do throws(DecompressionError) {
      var decompressor = try Decompressor(codings, limits: limits)
      for piece in pieces { try decompressor.decompress(piece.span, into: &output.bytes) }
      try decompressor.finish()
    } catch {
      output.failure = error
    }
    return output
  }
}
