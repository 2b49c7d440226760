/// Where values are kept: each collection and each single value that a transaction knows. Variables are made of them.
enum Source: UInt8, CaseIterable, Sendable {
  case argsGet, argsPost, argsPath
  case cookies, requestHeaders, responseHeaders
  case files, filesSizes, filesContent, filesNames
  case multipartName, multipartFilename, multipartPartHeaders
  case xmlText, xmlAttributes
  case requestLine, requestMethod, requestProtocol, requestURI, requestURIRaw, requestFilename, requestBasename
  case queryString, requestBody, requestBodyProcessor, requestBodyErrorMessage
  case remoteAddress, remoteHost, remoteUser, serverAddress, serverName, authType, pathInfo
  case responseBody, responseProtocol, responseStatus, responseContentType, statusLine
  case uniqueID, applicationID, sessionID, userID, resourceID

  /// Whether it has many values with names.
  var isCollection: Bool { rawValue <= Source.xmlAttributes.rawValue }
}

/// A source, or the names in it.
struct SourcePart: Sendable, Hashable {
  var source: Source
  /// The names of the collection instead of its values.
  var isNames = false

  init(_ source: Source, names: Bool = false) {
    self.source = source
    isNames = names
  }

  init(index: Int) {
    source = Source(rawValue: UInt8(truncatingIfNeeded: index >> 1)) ?? .argsGet
    isNames = index & 1 == 1
  }

  /// A number of its own for each.
  var index: Int { Int(source.rawValue) * 2 + (isNames ? 1 : 0) }

  static let count = Source.allCases.count * 2
}

/// What variables are made of.
enum Sources {
  /// The stored parts of a variable; empty for one that is worked out when it is asked for.
  static func parts(_ variable: Variable) -> [SourcePart] {
    switch variable {
    case .args: [SourcePart(.argsGet), SourcePart(.argsPost), SourcePart(.argsPath)]
    case .argsNames:
      [SourcePart(.argsGet, names: true), SourcePart(.argsPost, names: true), SourcePart(.argsPath, names: true)]
    case .argsGet: [SourcePart(.argsGet)]
    case .argsGetNames: [SourcePart(.argsGet, names: true)]
    case .argsPost: [SourcePart(.argsPost)]
    case .argsPostNames: [SourcePart(.argsPost, names: true)]
    case .argsPath: [SourcePart(.argsPath)]
    case .requestCookies: [SourcePart(.cookies)]
    case .requestCookiesNames: [SourcePart(.cookies, names: true)]
    case .requestHeaders: [SourcePart(.requestHeaders)]
    case .requestHeadersNames: [SourcePart(.requestHeaders, names: true)]
    case .responseHeaders: [SourcePart(.responseHeaders)]
    case .responseHeadersNames: [SourcePart(.responseHeaders, names: true)]
    case .files: [SourcePart(.files)]
    case .filesNames: [SourcePart(.filesNames)]
    case .filesSizes: [SourcePart(.filesSizes)]
    case .filesTmpContent: [SourcePart(.filesContent)]
    case .multipartFilename: [SourcePart(.multipartFilename)]
    case .multipartName: [SourcePart(.multipartName)]
    case .multipartPartHeaders: [SourcePart(.multipartPartHeaders)]
    case .xml: [SourcePart(.xmlText), SourcePart(.xmlAttributes)]
    default: single(variable).map { [SourcePart($0)] } ?? []
    }
  }

  private static func single(_ variable: Variable) -> Source? {
    switch variable {
    case .requestLine: .requestLine
    case .requestMethod: .requestMethod
    case .requestProtocol: .requestProtocol
    case .requestURI: .requestURI
    case .requestURIRaw: .requestURIRaw
    case .requestFilename: .requestFilename
    case .requestBasename: .requestBasename
    case .queryString: .queryString
    case .requestBody: .requestBody
    case .reqbodyProcessor: .requestBodyProcessor
    case .reqbodyErrorMsg, .reqbodyProcessorErrorMsg: .requestBodyErrorMessage
    case .remoteAddr: .remoteAddress
    case .remoteHost: .remoteHost
    case .remoteUser: .remoteUser
    case .serverAddr: .serverAddress
    case .serverName: .serverName
    case .authType: .authType
    case .pathInfo: .pathInfo
    case .responseBody: .responseBody
    case .responseProtocol: .responseProtocol
    case .responseStatus: .responseStatus
    case .responseContentType: .responseContentType
    case .statusLine: .statusLine
    case .uniqueID: .uniqueID
    case .webAppID: .applicationID
    case .sessionID: .sessionID
    case .userID: .userID
    default: nil
    }
  }

  /// Whether two variables share values, so that leaving out `ARGS:x` leaves out `ARGS_GET:x` too.
  static func overlap(_ left: Variable, _ right: Variable) -> Bool {
    if left == right { return true }
    let others = parts(right)
    return parts(left).contains { others.contains($0) }
  }

  static func isPersistent(_ variable: Variable) -> Bool {
    switch variable {
    case .ip, .global, .session, .user, .resource: true
    default: false
    }
  }
}
