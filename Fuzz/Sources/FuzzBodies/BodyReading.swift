import SecLang

/// All that a reader of bodies says of one, to compare one way of cutting it with another.
struct BodyReading: Equatable {
  var facts: [String] = []
  var bytes: [[UInt8]] = []

  mutating func add(_ store: FieldStore) {
    facts.append("\(store.count) fields")
    for field in store.fields { bytes += [Array(store.bytes[field.name]), Array(store.bytes[field.value])] }
  }

  mutating func add(_ error: BodyError?) {
    if let error { facts.append("\(error.kind) \(error.message) \(error.offset)") }
  }

  static func urlencoded(_ pieces: [ArraySlice<UInt8>], _ limits: BodyLimits) -> BodyReading {
    var processor = URLEncodedProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished()
    var reading = BodyReading()
    reading.add(processor.fields)
    reading.add(processor.error)
    reading.facts.append("invalid \(processor.invalidEncodings) omitted \(processor.omittedArguments)")
    return reading
  }

  static func json(_ pieces: [ArraySlice<UInt8>], _ limits: BodyLimits, isTruncated: Bool) -> BodyReading {
    var processor = JSONProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: isTruncated)
    var reading = BodyReading()
    reading.add(processor.fields)
    reading.add(processor.error)
    reading.facts.append("\(processor.outcome)")
    return reading
  }

  static func multipart(
    _ pieces: [ArraySlice<UInt8>], type: ArraySlice<UInt8>, _ limits: BodyLimits, isTruncated: Bool
  ) -> BodyReading {
    var processor = MultipartProcessor(contentType: type.span, limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: isTruncated)
    var reading = BodyReading()
    for store in [
      processor.arguments, processor.files, processor.fileContents, processor.partHeaders, processor.names,
      processor.filenames,
    ] {
      reading.add(store)
    }
    reading.add(processor.error)
    reading.facts.append("sizes \(processor.fileSizes.map(\.bytes)) other \(processor.bytesOutsideFiles)")
    reading.facts.append("\(processor.flags) omitted \(processor.omittedArguments) \(processor.isTruncated)")
    return reading
  }

  static func xml(_ pieces: [ArraySlice<UInt8>], _ limits: BodyLimits, isTruncated: Bool) -> BodyReading {
    var processor = XMLProcessor(limits: limits)
    for piece in pieces { processor.received(piece.span) }
    processor.finished(truncated: isTruncated)
    var reading = BodyReading()
    reading.add(processor.content.attributes)
    reading.bytes.append(processor.content.text)
    var arguments = FieldStore()
    let omitted = processor.content.appendArguments(to: &arguments, limits: limits)
    reading.add(arguments)
    for path in paths {
      var found: [XPathMatch] = []
      processor.content.find(path, into: &found)
      reading.bytes += found.map { processor.content.bytes(of: $0) }
    }
    reading.add(processor.error)
    reading.facts.append("\(processor.isTruncated) \(processor.hasExternalDocumentType) omitted \(omitted)")
    return reading
  }

  private static let paths = ["/*", "//@*", "//b", "/a/*/b/text()", "//b/@c"].compactMap { try? XPathSubset($0) }
}
