package import ModuleKit
package import WAMP

/// A data template for those outside of this module: checked text in, the dictionary that travels over WAMP out.
package enum TemplateFile {
    /// - Parameter file: the file's name as errors shall say it.
    /// - Throws: every mistake, with its line, its key and the rule that it breaks.
    package static func value(of text: String, file: String) throws(ConfigurationErrors) -> Value {
        try TemplateReader.read(text, file: file).value
    }
}
