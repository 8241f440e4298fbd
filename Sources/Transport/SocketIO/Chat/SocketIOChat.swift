extension SocketIOApplication {
    /// The chat: every client of the main namespace is a session.
    ///
    /// - Parameter adapter: through which other instances of Socket.IO reach the clients; nil where there are none.
    package static func chat(
        loops: SessionLoops,
        adapter: SocketIOAdapter? = nil,
        makeSession: @escaping SocketIOSession.MakeSession
    ) -> SocketIOApplication {
        SocketIOApplication(namespaces: [SocketIOPacket.mainNamespace]) { link in
            SocketIOSession(link: link, connectionID: loops.nextConnectionID(), adapter: adapter, makeSession: makeSession)
        }
    }
}
