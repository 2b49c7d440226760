import CLibXML2

/// libxml2's parser with callbacks that fill an ``XMLContentBuilder``. It belongs to one thread.
// invariant: the context is made in `init`, freed in `deinit` and nowhere else kept. Callbacks get this object, unretained,
// and only run within `parse` and `finish`, which the object outlives.
final class XMLPushParser {
  /// The first fatal error.
  private(set) var problem: BodyError?
  /// Whether the parser met nothing wrong but the end.
  private(set) var endsEarly = false
  private(set) var hasExternalDocumentType = false

  private var builder: XMLContentBuilder
  private var context: xmlParserCtxtPtr?
  private var isFinishing = false
  private var fed = 0

  /// What the whole process needs is made once, by whoever comes first.
  private static let library: Void = xmlInitParser()

  /// - Parameter ignoresEncoding: the bytes are UTF-8, whatever the document declares.
  init?(limits: BodyLimits, ignoresEncoding: Bool) {
    builder = XMLContentBuilder(limits: limits)
    _ = Self.library
    var handler = Self.handler()
    guard
      let context = xmlCreatePushParserCtxt(
        &handler, Unmanaged.passUnretained(self).toOpaque(), nil, 0, nil)
    else { return nil }
    self.context = context
    var options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    if ignoresEncoding { options |= XML_PARSE_IGNORE_ENC.rawValue }
    xmlCtxtUseOptions(context, Int32(options))
  }

  deinit {
    guard let context else { return }
    // The parser makes a document for entities whatever the callbacks are, and leaves it to whoever reads in pieces.
    if let document = context.pointee.myDoc { xmlFreeDoc(document) }
    context.pointee.myDoc = nil
    xmlFreeParserCtxt(context)
  }

  func takeContent() -> XMLContent { builder.finish() }

  // invariant: libxml2 copies what it needs within the call; its callbacks do not touch the span.
  func parse(_ bytes: Span<UInt8>) {
    guard let context, problem == nil, !bytes.isEmpty else { return }
    fed &+= bytes.count
    bytes.withUnsafeBytes { buffer in
      _ = xmlParseChunk(
        context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: buffer.count), 0)
    }
    checkState(context)
  }

  func finish() {
    guard let context, problem == nil else { return }
    isFinishing = true
    xmlParseChunk(context, nil, 0, 1)
    checkState(context)
  }

  private func checkState(_ context: xmlParserCtxtPtr) {
    if let reason = builder.problem {
      problem = BodyError(reason.kind, reason.message, offset: fed)
      return
    }
    guard problem == nil, context.pointee.wellFormed == 0 || context.pointee.disableSAX != 0 else { return }
    endsEarly = isFinishing
    var text: [UInt8] = []
    // invariant: the message is the context's own and ends with a nul byte, where the loop ends at the latest.
    if let message = context.pointee.lastError.message {
      while text.count < 200, message[text.count] >= 0x20 || message[text.count] < 0 {
        text.append(UInt8(bitPattern: message[text.count]))
      }
    }
    if let first = text.first { text[0] = BodyBytes.lowercase(first) }
    let line = context.pointee.lastError.line
    problem = BodyError(.malformed, "xml: line \(line): \(String(decoding: text, as: UTF8.self))", offset: fed)
  }

  // MARK: Callbacks

  /// One change of the content; the parser stops when that meets a limit.
  @inline(__always)
  private func build(_ change: (inout XMLContentBuilder) -> Void) {
    change(&builder)
    if builder.problem != nil, let context { xmlStopParser(context) }
  }

  private func startDocument() {
    guard let name = context?.pointee.encoding, !Self.isReadable(Array(XMLContentBuilder.buffer(name))) else { return }
    build { $0.stop(BodyError(.unsupported, "xml: unsupported encoding")) }
  }

  private func declaration() {
    build { $0.stop(BodyError(.unsupported, "xml: document type with declarations")) }
  }

  /// Whether markup is ASCII in a declared encoding, so that ``XMLTagGuard`` and the parser see the same.
  private static func isReadable(_ name: [UInt8]) -> Bool {
    let lower = String(decoding: name.map { BodyBytes.lowercase($0) }, as: UTF8.self)
    switch lower {
    case "utf-8", "utf8", "us-ascii", "ascii", "latin1", "latin-1", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030",
      "big5", "shift_jis", "shift-jis", "euc-jp", "euc-kr":
      return true
    default: return lower.hasPrefix("iso-8859-") || lower.hasPrefix("iso_8859-") || lower.hasPrefix("windows-125")
    }
  }

  @inline(__always)
  private static func parser(_ data: UnsafeMutableRawPointer?) -> XMLPushParser? {
    data.map { Unmanaged<XMLPushParser>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Callbacks of SAX 1, without namespaces: looking those up costs the parser more than the length of the document.
  private static func handler() -> xmlSAXHandler {
    var handler = xmlSAXHandler()
    handler.initialized = 1
    handler.startDocument = { XMLPushParser.parser($0)?.startDocument() }
    handler.internalSubset = { data, _, external, system in
      if external != nil || system != nil { XMLPushParser.parser(data)?.hasExternalDocumentType = true }
    }
    handler.startElement = { data, name, attributes in
      guard let name else { return }
      XMLPushParser.parser(data)?.build { $0.startElement(name, attributes) }
    }
    handler.endElement = { data, _ in XMLPushParser.parser(data)?.build { $0.endElement() } }
    handler.characters = { data, bytes, count in
      guard let bytes else { return }
      XMLPushParser.parser(data)?.build { $0.characters(bytes, count, isSection: false) }
    }
    handler.ignorableWhitespace = handler.characters
    handler.cdataBlock = { data, bytes, count in
      guard let bytes else { return }
      XMLPushParser.parser(data)?.build { $0.characters(bytes, count, isSection: true) }
    }
    handler.comment = { data, _ in XMLPushParser.parser(data)?.build { $0.endText() } }
    handler.processingInstruction = { data, _, _ in XMLPushParser.parser(data)?.build { $0.endText() } }
    handler.entityDecl = { data, _, _, _, _, _ in XMLPushParser.parser(data)?.declaration() }
    handler.unparsedEntityDecl = { data, _, _, _, _ in XMLPushParser.parser(data)?.declaration() }
    handler.attributeDecl = { data, _, _, _, _, _, tree in
      xmlFreeEnumeration(tree)
      XMLPushParser.parser(data)?.declaration()
    }
    return handler
  }
}
