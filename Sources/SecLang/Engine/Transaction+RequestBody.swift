/// A request body on its way in.
struct RequestBodyState {
  /// What was received and is kept: bodies that rules see as they are.
  var bytes: [UInt8] = []
  var contentType: Slice?
  /// Bytes received, kept or not.
  var receivedBytes = 0
  var isTruncated = false
  var filesCombinedBytes = 0
  var processor: RequestBodyProcessor?
  var xml: XMLContent?

  mutating func reset() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
    contentType = nil
    receivedBytes = 0
    isTruncated = false
    filesCombinedBytes = 0
    processor = nil
    xml = nil
  }
}

/// What reads a body, by its kind.
enum RequestBodyProcessor {
  case urlencoded(URLEncodedProcessor)
  case multipart(MultipartProcessor)
  case json(JSONProcessor)
  case xml(XMLProcessor)
  /// Kept as it is.
  case raw
  /// Only counted: no rule would see it.
  case discarded
}

extension BodyProcessorKind {
  var name: String {
    switch self {
    case .urlencoded: "URLENCODED"
    case .multipart: "MULTIPART"
    case .json: "JSON"
    case .xml: "XML"
    case .none: ""
    }
  }
}

extension Transaction {
  /// Phase 1: the head of the request is in.
  public func evaluateRequestHead() -> Intervention? { run(phase: 1) }

  /// A piece of the body. Rules see it at ``evaluateRequestBody()``.
  /// - Returns: what to do when the body is longer than rules allow.
  public func requestBody(_ part: Span<UInt8>) -> Intervention? {
    guard mode != .off, inspectsRequestBody, !part.isEmpty else { return nil }
    if body.processor == nil { body.processor = makeProcessor() }
    let settings = rules.settings
    let (total, isOverflow) = body.receivedBytes.addingReportingOverflow(part.count)
    let limit = holdsFiles ? settings.requestBodyLimit : min(settings.requestBodyLimit, noFilesLimit)
    guard !isOverflow, total <= limit else {
      let room = max(0, limit - body.receivedBytes)
      if !body.isTruncated { take(part.extracting(first: room)) }
      body.receivedBytes = isOverflow ? Int.max : total
      body.isTruncated = true
      guard !settings.processesPartialRequestBodies, mode == .on else { return nil }
      intervention = Intervention(kind: .deny, status: 413, ruleID: 0, phase: 2)
      return intervention
    }
    body.receivedBytes = total
    take(part)
    return nil
  }

  /// `SecRequestBodyNoFilesLimit`, which counts for bodies that hold no files.
  private var noFilesLimit: Int { max(rules.settings.requestBodyNoFilesLimit, 1) }

  private var holdsFiles: Bool {
    switch body.processor {
    case .multipart, .discarded: true
    default: false
    }
  }

  private func makeProcessor() -> RequestBodyProcessor {
    var limits = BodyLimits()
    limits.arguments = rules.settings.argumentsLimit
    limits.jsonDepth = rules.settings.jsonDepthLimit
    limits.files = rules.settings.uploadFileLimit
    limits.storedBytes = rules.settings.requestBodyLimit
    if rules.settings.keepsFileContent { limits.fileContentBytes = rules.settings.requestBodyNoFilesLimit }
    let kind = requestProcessor ?? kindByContentType()
    switch kind {
    case .urlencoded:
      return .urlencoded(URLEncodedProcessor(limits: limits, separator: rules.settings.argumentSeparator))
    case .multipart:
      let type = body.contentType ?? Slice()
      return .multipart(arena.read(type) { MultipartProcessor(contentType: $0, limits: limits) })
    case .json: return .json(JSONProcessor(limits: limits))
    case .xml: return .xml(XMLProcessor(limits: limits))
    case nil, BodyProcessorKind.none?:
      return forcesRequestBody || kind != nil ? .raw : .discarded
    }
  }

  func kindByContentType() -> BodyProcessorKind? {
    guard let slice = body.contentType else { return nil }
    return arena.read(slice) { bytes in
      let type = ContentType(bytes)
      if type.isURLEncodedForm { return .urlencoded }
      return type.isMultipartForm ? .multipart : nil
    }
  }

  private func take(_ part: Span<UInt8>) {
    // Moved out for the call, so that a processor is changed in its place.
    var processor = body.processor ?? .discarded
    body.processor = nil
    switch processor {
    case .urlencoded(var urlencoded):
      processor = .discarded
      body.bytes.append(copying: part)
      urlencoded.received(part)
      processor = .urlencoded(urlencoded)
    case .multipart(var multipart):
      processor = .discarded
      multipart.received(part)
      processor = .multipart(multipart)
    case .json(var json):
      processor = .discarded
      body.bytes.append(copying: part)
      json.received(part)
      processor = .json(json)
    case .xml(var xml):
      processor = .discarded
      xml.received(part)
      processor = .xml(xml)
    case .raw: body.bytes.append(copying: part)
    case .discarded: break
    }
    body.processor = processor
  }

  /// Phase 2: the whole body is in, or there is none.
  public func evaluateRequestBody() -> Intervention? {
    if mode != .off { finishBody() }
    return run(phase: 2)
  }

  private func finishBody() {
    guard let processor = body.processor else { return }
    body.processor = nil
    switch processor {
    case .urlencoded(var urlencoded):
      urlencoded.finished()
      take(urlencoded.fields, into: .argsPost)
      if urlencoded.hasInvalidEncoding { urlencodedError = true }
      set(.requestBody, body.bytes)
      note(urlencoded.error)
      noteOmitted(urlencoded.omittedArguments)
    case .multipart(var multipart):
      multipart.finished(truncated: body.isTruncated)
      take(multipart)
    case .json(var json):
      json.finished(truncated: body.isTruncated)
      take(json.fields, into: .argsPost)
      set(.requestBody, body.bytes)
      note(json.error)
    case .xml(var xml):
      xml.finished(truncated: body.isTruncated)
      take(xml)
    case .raw: set(.requestBody, body.bytes)
    case .discarded: break
    }
  }

  /// Arguments that no rule saw make the body one that could not be read.
  func noteOmitted(_ count: Int) {
    guard count > 0 else { return }
    note(BodyError(.limit, "more than \(rules.settings.argumentsLimit) arguments"))
  }

  func note(_ error: BodyError?) {
    guard let error else { return }
    requestBodyError = true
    set(.requestBodyErrorMessage, Array(error.message.utf8))
  }
}
