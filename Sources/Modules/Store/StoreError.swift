import GRDB

/// Why a module's SQLite file cannot be used: which file, what is wrong, what to do about it.
package struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Problem: Sendable, Hashable {
        /// The operating system refused; `call` failed with `errno`.
        case system(call: String, errno: Int32)
        /// SQLite refused, by result code; its message never holds a value, only names.
        case sqlite(code: Int32, message: String)
        /// There is a SQLite file, but another program's or another module's.
        case foreignFile(applicationID: Int32)
        /// A newer version of Gantry has migrated the file.
        case newerSchema
        /// `quick_check` found a damaged page.
        case damaged(String)
        case backUpExists
    }

    package var path: String
    package var problem: Problem

    package init(_ path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }

    init(_ path: String, _ error: any Error) {
        self.path = path
        if let error = error as? DatabaseError {
            problem = .sqlite(code: error.extendedResultCode.rawValue, message: error.message ?? "no message")
        } else {
            problem = .sqlite(code: DatabaseError.SQLITE_ERROR.rawValue, message: "\(type(of: error))")
        }
    }

    package var description: String {
        switch problem {
        case .system(let call, let errno):
            "\(path): \(call) failed (errno \(errno)); check that the directory is there and belongs to this user"
        case .sqlite(let code, let message):
            "\(path): SQLite refused (code \(code)): \(message)"
        case .foreignFile(let applicationID):
            "\(path) is another program's SQLite file (application_id \(applicationID)); move it away"
        case .newerSchema:
            "\(path) was written by a newer version of Gantry; start that version, or restore a backup of this one's"
        case .damaged(let finding):
            "\(path) is damaged (\(finding)); restore a backup"
        case .backUpExists:
            "\(path) is there already; a backup never overwrites a file"
        }
    }
}
