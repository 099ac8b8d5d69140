//! WebSockets over a connection of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may fail")]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use support::{TestHost, eval, run_on};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tollgate_core::{Request, Response};
use tollgate_js::host::{Level, LocalBoxFuture};
use tollgate_js::rquickjs::prelude::This;
use tollgate_js::rquickjs::{Ctx, Function, Object};
use tollgate_js::webapi::websocket::{Closing, Message, Socket, connection};
use tollgate_js::{Failure, Host, Limits, Task};

type Incoming = Result<Message, Failure>;

/// What a server answers to a message, through the sender.
type Serve = fn(&Message, &UnboundedSender<Incoming>);

#[derive(Debug)]
struct Mock {
    serve: Serve,
    sent: Rc<RefCell<Vec<Message>>>,
    answers: UnboundedSender<Incoming>,
    incoming: Mutex<UnboundedReceiver<Incoming>>,
}

impl Socket for Mock {
    fn protocol(&self) -> &'static str {
        "chosen"
    }

    fn send(&self, message: Message) -> LocalBoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.answers.is_closed() {
                return Err(Failure::error("lost"));
            }
            (self.serve)(&message, &self.answers);
            self.sent.borrow_mut().push(message);
            Ok(())
        })
    }

    fn next(&self) -> LocalBoxFuture<'_, Option<Incoming>> {
        Box::pin(async move { self.incoming.lock().await.recv().await })
    }
}

#[derive(Debug)]
struct Server {
    inner: TestHost,
    serve: Serve,
    greets: bool,
    sent: Rc<RefCell<Vec<Message>>>,
    asked: RefCell<Vec<(String, Vec<String>)>>,
}

impl Host for Server {
    fn fetch(&self, task: &Rc<Task>, request: Request) -> LocalBoxFuture<'static, Result<Response, Failure>> {
        self.inner.fetch(task, request)
    }

    fn log(&self, task: &Rc<Task>, level: Level, message: &str) {
        self.inner.log(task, level, message);
    }

    fn websocket(
        &self,
        _: &Rc<Task>,
        url: &str,
        protocols: &[String],
    ) -> LocalBoxFuture<'static, Result<Box<dyn Socket>, Failure>> {
        self.asked.borrow_mut().push((url.to_owned(), protocols.to_vec()));
        let (answers, incoming) = unbounded_channel();
        let mock = Mock { serve: self.serve, sent: Rc::clone(&self.sent), answers, incoming: Mutex::new(incoming) };
        let never = url.contains("never");
        if self.greets {
            (self.serve)(&Message::Text("hello".to_owned()), &mock.answers);
        }
        Box::pin(async move {
            tokio::task::yield_now().await;
            if never {
                std::future::pending::<()>().await;
            }
            Ok(Box::new(mock) as Box<dyn Socket>)
        })
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// Sends everything back, and closes as it is asked to.
fn echo(message: &Message, answers: &UnboundedSender<Incoming>) {
    answers.send(Ok(message.clone())).unwrap();
}

const PRELUDE: &str = "const log = [];
    const listen = (socket) => {
        for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, (event) => {
            const { data, code, reason, wasClean, message } = event;
            log.push({ open: [type, socket.protocol], message: [type, data], error: [type, message], close: [type, code, reason, wasClean] }[type]);
        });
        return socket;
    };
    const over = (socket) => new Promise((resolve) => socket.addEventListener('close', resolve));";

/// What code returns, and what it sent.
fn on(serve: Serve, greets: bool, code: &str) -> (String, Rc<Server>) {
    let (inner, sent) = (TestHost::default(), Rc::default());
    let host = Rc::new(Server { inner, serve, greets, sent, asked: RefCell::default() });
    let mut result = String::new();
    run_on(Limits { cpu: Duration::from_secs(10), ..Limits::default() }, Rc::clone(&host), async |engine, call| {
        result = call(&engine, &format!("{PRELUDE}\n{code}")).await.unwrap();
    });
    (result, host)
}

#[track_caller]
fn check(serve: Serve, greets: bool, code: &str, expected: &str) {
    assert_eq!(on(serve, greets, code).0, expected);
}

#[test]
fn messages_go_both_ways_in_their_order() {
    let code = "const socket = listen(new WebSocket('http://x/a?b', ['one', 'two']));
        socket.binaryType = 'arraybuffer';
        const before = socket.readyState;
        socket.onopen = () => {
            socket.send('text ä'); socket.send(new Uint8Array([1, 2, 3]).subarray(1)); socket.send(new Blob(['blob']));
            socket.send(5); log.push(socket.bufferedAmount);
            setTimeout(() => { log.push(socket.bufferedAmount); socket.close(1000, 'bye'); log.push(socket.readyState); }, 5);
        };
        await over(socket);
        return [before, socket.readyState, socket.url, log.map((it) => it[1] instanceof ArrayBuffer ? [...new Uint8Array(it[1])] : it)];";
    let expected = r#"[0,3,"ws://x/a?b",[["open","chosen"],14,["message","text ä"],[2,3],[98,108,111,98],["message","5"],0,2,["close",1000,"bye",true]]]"#;
    let (result, host) = on(echo, false, code);
    assert_eq!(result, expected);
    assert_eq!(*host.asked.borrow(), [("ws://x/a?b".to_owned(), vec!["one".to_owned(), "two".to_owned()])]);
    let sent = host.sent.borrow();
    assert_eq!(sent[1], Message::Binary(vec![2, 3].into()));
    assert_eq!(sent[4], Message::Close(Some(Closing { code: 1000, reason: "bye".to_owned() })));
}

#[test]
fn bytes_are_blobs_unless_they_are_to_be_buffers() {
    let serve: Serve = |_, answers| {
        answers.send(Ok(Message::Binary(vec![104, 105].into()))).unwrap();
        answers.send(Ok(Message::Close(None))).unwrap();
    };
    let code = "const socket = listen(new WebSocket('wss://x/')); await over(socket);
        const blob = log[1][1];
        socket.binaryType = 'nonsense';
        return [blob instanceof Blob, await blob.text(), socket.binaryType, log.at(-1)];";
    check(serve, true, code, r#"[true,"hi","blob",["close",1005,"",true]]"#);
}

#[test]
fn a_connection_that_is_lost_is_an_error_and_no_clean_end() {
    let serve: Serve = |_, answers| answers.send(Err(Failure::error("the wire broke"))).unwrap();
    let code = "const socket = listen(new WebSocket('ws://x/')); await over(socket); return [log, socket.readyState]";
    let expected = r#"[[["open","chosen"],["error","the wire broke"],["close",1006,"",false]],3]"#;
    check(serve, true, code, expected);
}

#[test]
fn a_host_without_websockets_refuses() {
    let code = format!(
        "{PRELUDE} const socket = listen(new WebSocket('ws://x/')); await over(socket); return [log, socket.readyState]"
    );
    let expected = r#"[[["error","there are no WebSockets here"],["close",1006,"",false]],3]"#;
    assert_eq!(eval(&code).unwrap(), expected);
}

#[test]
fn one_that_is_closed_before_it_is_open_never_opens() {
    let code = "const socket = listen(new WebSocket('ws://x/never')); socket.close(); const state = socket.readyState;
        await over(socket); socket.close(); return [state, log.map(([type, code]) => [type, code])]";
    let expected = r#"[2,[["error","it was closed before it was open"],["close",1006]]]"#;
    check(echo, false, code, expected);
}

#[test]
fn nothing_is_heard_after_a_script_has_closed() {
    let serve: Serve = |message, answers| {
        if matches!(message, Message::Close(_)) {
            answers.send(Ok(Message::Text("late".to_owned()))).unwrap();
        }
        answers.send(Ok(message.clone())).unwrap();
    };
    let code = "const socket = listen(new WebSocket('ws://x/')); socket.onopen = () => socket.close(4000);
        await over(socket); return log";
    check(serve, false, code, r#"[["open","chosen"],["close",4000,"",true]]"#);
}

#[test]
fn what_is_sent_too_late_is_counted_and_goes_nowhere() {
    let code = "const socket = listen(new WebSocket('ws://x/')); let early;
        try { socket.send('x'); } catch (error) { early = error.name; }
        socket.onopen = () => { socket.close(); socket.send('abc'); };
        await over(socket); socket.send('de');
        return [early, socket.bufferedAmount]";
    let (result, host) = on(echo, false, code);
    assert_eq!(result, r#"["InvalidStateError",5]"#);
    assert_eq!(*host.sent.borrow(), [Message::Close(None)]);
}

#[test]
fn more_than_may_wait_ends_the_connection() {
    let code = "const socket = listen(new WebSocket('ws://x/'));
        socket.onopen = () => { const large = new Uint8Array(9 << 20); socket.send(large); socket.send(large); log.push(socket.readyState); };
        await over(socket); return log.filter((it) => it[0] !== 'message')";
    let (result, host) = on(echo, false, code);
    assert_eq!(result, r#"[["open","chosen"],2,["close",1005,"",true]]"#);
    assert_eq!(host.sent.borrow().len(), 2);
}

#[test]
fn mistakes_are_told_at_once() {
    let code = "const name = (run) => { try { run(); return 'none'; } catch (error) { return error.name; } };
        const make = (...values) => name(() => new WebSocket(...values));
        const socket = new WebSocket('ws://x/never');
        const close = (...values) => name(() => socket.close(...values));
        return [make(), make('x'), make('ftp://x/'), make('ws://x/#a'), make('ws://x/', 'a b'), make('ws://x/', ['a', 'A']), make('ws://x/', ['']),
            close(1001), close(2999), close(5000), close(1000, 'x'.repeat(124)), close(1000, 'ä'.repeat(62)), close(3000, 'x'.repeat(123)),
            name(() => socket.send()), WebSocket.OPEN, socket.CLOSED, Object.keys(socket).length, String(socket), name(() => WebSocket('ws://x/'))]";
    let expected = r#"["TypeError","SyntaxError","SyntaxError","SyntaxError","SyntaxError","SyntaxError","SyntaxError","InvalidAccessError","InvalidAccessError","InvalidAccessError","SyntaxError","SyntaxError","none","TypeError",1,3,0,"[object WebSocket]","TypeError"]"#;
    check(echo, false, code, expected);
}

#[test]
fn a_connection_goes_with_its_call() {
    let host = Server {
        inner: TestHost::default(),
        serve: echo,
        greets: false,
        sent: Rc::default(),
        asked: RefCell::default(),
    };
    run_on(Limits::default(), Rc::new(host), async |engine, _| {
        use tollgate_js::rquickjs::{Module, Value};
        let task = engine.task(());
        let open = |ctx: &tollgate_js::rquickjs::Ctx<'_>| {
            let code = "const socket = new WebSocket('ws://x/'); socket.onmessage = () => {};";
            let (_, done) = Module::declare(ctx.clone(), "open.js", code).unwrap().eval().unwrap();
            done.finish::<Value<'_>>().unwrap();
        };
        engine.enter(&task, open).unwrap();
        assert!(task.is_busy());
        task.abort();
        tokio::task::yield_now().await;
        assert!(!task.is_busy());
        // Another one is still open when the engine goes.
        let task = engine.task(());
        engine.enter(&task, open).unwrap();
    });
}

#[test]
fn events_come_in_the_context_in_which_the_socket_was_made() {
    let code = "const { AsyncLocalStorage } = await import('node:async_hooks');
        const storage = new AsyncLocalStorage();
        const socket = storage.run('here', () => new WebSocket('ws://x/'));
        socket.onopen = () => { log.push(storage.getStore()); socket.close(); };
        await over(socket); return log";
    check(echo, false, code, r#"["here"]"#);
}

#[test]
fn what_is_written_to_a_connection_that_is_there_already_is_sent_although_nothing_ran_in_between() {
    let (inner, sent) = (TestHost::default(), Rc::<RefCell<Vec<Message>>>::default());
    let host = Rc::new(Server { inner, serve: echo, greets: false, sent: Rc::clone(&sent), asked: RefCell::default() });
    run_on(Limits::default(), host, async |engine, _| {
        let (answers, incoming) = unbounded_channel();
        let mock = Mock { serve: echo, sent: Rc::clone(&sent), answers, incoming: Mutex::new(incoming) };
        let task = engine.task(());
        let start = |ctx: &Ctx<'_>| {
            let adopt: Function<'_> = engine.library(ctx, "websocket")?.get("adopt")?;
            let socket: Object<'_> = adopt.call((connection(ctx, "http://x/", Box::new(mock))?,))?;
            let send: Function<'_> = socket.get("send")?;
            send.call::<_, ()>((This(socket.clone()), "early"))
        };
        engine.enter(&task, start).unwrap().unwrap();
        while sent.borrow().is_empty() && task.is_busy() {
            tokio::task::yield_now().await;
        }
        assert_eq!(*sent.borrow(), [Message::Text("early".to_owned())]);
    });
}
