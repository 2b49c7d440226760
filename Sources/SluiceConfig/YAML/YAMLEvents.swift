// The parser inside Yams, read event by event. Yams' own composer recurses without a bound of ours, hashes keys that an
// alias bomb can make exponential, and loses the positions of aliases and of the second of two equal keys.
import CYaml

/// Where a value stands: the index of its file, and its line and column (in code points), both from 1.
struct YAMLMark: Sendable, Hashable {
  var file: Int
  var line: Int
  var column: Int
}

/// Text that is no YAML, or more of it than we take.
package struct YAMLProblem: Error {
  var message: String
  var hint: String?
  var mark: YAMLMark
}

enum YAMLEvent {
  case alias(String)
  case scalar(text: String, plain: Bool, anchor: String?, tag: String?)
  case sequenceStart(anchor: String?, tag: String?)
  case mappingStart(anchor: String?, tag: String?)
  case sequenceEnd
  case mappingEnd
  case documentStart
  case documentEnd
  case streamStart
  case streamEnd
}

/// Reads the events of one file. The bytes must be UTF-8.
// invariant: `parser` and `input` are allocated in `init` and freed in `deinit` only; `input` outlives the parser, which reads
// from it. What an event points to is copied before `yaml_event_delete`.
final class YAMLEventReader {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let file: Int

  init(_ bytes: [UInt8], file: Int) throws(YAMLProblem) {
    self.file = file
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    input = .allocate(capacity: max(1, bytes.count))
    _ = input.initialize(from: bytes)
    guard yaml_parser_initialize(parser) == 1 else {
      throw YAMLProblem(message: "out of memory", mark: YAMLMark(file: file, line: 1, column: 1))
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deinitialize(count: 1)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event and where it begins; `streamEnd` again and again at the end.
  func next() throws(YAMLProblem) -> (event: YAMLEvent, mark: YAMLMark) {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
    defer { yaml_event_delete(&event) }
    return (translate(event), mark(event.start_mark))
  }

  private func translate(_ event: yaml_event_t) -> YAMLEvent {
    switch event.type {
    case YAML_ALIAS_EVENT:
      return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        text: String(decoding: bytes, as: UTF8.self), plain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
        anchor: text(scalar.anchor), tag: text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      return .sequenceStart(anchor: text(event.data.sequence_start.anchor), tag: text(event.data.sequence_start.tag))
    case YAML_MAPPING_START_EVENT:
      return .mappingStart(anchor: text(event.data.mapping_start.anchor), tag: text(event.data.mapping_start.tag))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_START_EVENT: return .streamStart
    default: return .streamEnd
    }
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  private func mark(_ mark: yaml_mark_t) -> YAMLMark {
    YAMLMark(file: file, line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
  }

  private func problem() -> YAMLProblem {
    var message = parser.pointee.problem.map { String(cString: $0) } ?? "not YAML"
    if parser.pointee.error == YAML_READER_ERROR {
      return YAMLProblem(message: "invalid YAML: \(message)", mark: mark(parser.pointee.mark))
    }
    if message.hasPrefix("Maximum nesting level") {
      return YAMLProblem(
        message: "nested more than \(ConfigurationLimits.depth) levels deep", mark: mark(parser.pointee.problem_mark))
    }
    if let context = parser.pointee.context { message = "\(String(cString: context)), \(message)" }
    return YAMLProblem(message: "invalid YAML: \(message)", mark: mark(parser.pointee.problem_mark))
  }
}
