"""A session of redis-py with the server on the port given: every step prints what it got.

redis_py_test.ts runs it beside redis-server and compares the lines; what depends on the moment is not printed.
"""
import select
import sys
import threading
import time

import redis

PORT = int(sys.argv[1])
client = redis.Redis(port=PORT, socket_timeout=10)
other = redis.Redis(port=PORT, socket_timeout=10)


def show(value):
    """Text of a reply that does not depend on the order of sets."""
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(show, value))) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"
    return repr(value)


def step(name, fn):
    """Prints what `fn` returns or raises."""
    try:
        result = fn()
    except redis.RedisError as error:
        result = error
    print(f"{name} => {show(result)}")
    return result


def messages(pubsub, count):
    """The next `count` messages, or as many as come within five seconds."""
    got = []
    end = time.monotonic() + 5
    while len(got) < count and time.monotonic() < end:
        message = pubsub.get_message(timeout=0.2)
        if message:
            got.append([message["type"], message["pattern"], message["channel"], message["data"]])
    return got


def values():
    """Each type through the library's own parsers."""
    step("set, get", lambda: [client.set("s", bytes(range(256))), client.get("s"), client.set("s", 1, nx=True)])
    step("getex", lambda: [client.getex("s", ex=100), client.ttl("s") > 90, client.getex("s", persist=True)])
    step("bitfield", lambda: client.bitfield("b").set("u8", 0, 200).overflow("FAIL").incrby("u8", 0, 99).execute())
    step("lcs", lambda: [client.mset({"x": "ohmytext", "y": "mynewtext"}), client.lcs("x", "y", idx=True)])
    step("hash", lambda: [client.hset("h", mapping={"a": 1, "b": 2.5}), client.hgetall("h"), client.hscan("h")])
    step("list", lambda: [client.rpush("l", 1, 2, 3), client.lpos("l", 2, count=0), client.lmpop(1, "l", direction="LEFT")])
    step("zset", lambda: [client.zadd("z", {"a": 1, "b": float("inf")}), client.zrange("z", 0, -1, withscores=True)])
    step("zinter", lambda: client.zinter({"z": 2}, withscores=True))
    step("geo", lambda: [client.geoadd("g", (1, 2, "a")), client.geosearch("g", member="a", radius=1, withhash=True)])
    step("sort", lambda: client.sort("l", desc=True, get=["#", "none*"], groups=True))
    step("stream", lambda: [client.xadd("st", {"a": 1}, id="1-1"), client.xgroup_create("st", "gr", "0")])
    step("xreadgroup", lambda: client.xreadgroup("gr", "c", {"st": ">"}))
    step("xpending", lambda: client.xpending("st", "gr"))
    step("xautoclaim", lambda: client.xautoclaim("st", "gr", "d", 0))
    step("restore", lambda: client.restore("copy", 0, client.dump("h"), replace=True))
    step("wrong type", lambda: client.lpush("h", 1))
    step("no such command", lambda: client.execute_command("NOSUCH", "a"))


def pipelines():
    step("transaction", lambda: client.pipeline().set("p", 1).lpush("p", 1).get("p").execute(raise_on_error=False))
    step("pipeline", lambda: client.pipeline(transaction=False).incr("p").hgetall("h").execute())
    with client.pipeline() as pipe:
        pipe.watch("p")
        other.set("p", 5)
        pipe.multi()
        pipe.get("p")
        step("watched", pipe.execute)


def scripts_and_locks():
    script = client.register_script("return {KEYS[1], ARGV[1]}")
    step("script", lambda: script(keys=["k"], args=["v"]))
    client.script_flush()
    step("script, gone", lambda: script(keys=["k"], args=["w"]))
    lock = client.lock("lock", timeout=10)
    step("lock", lambda: [lock.acquire(), lock.owned(), lock.extend(10), lock.reacquire(), lock.release()])
    step("lock lost", lambda: [lock.acquire(), client.set("lock", "other"), lock.release()])


def server_commands():
    step("acl", lambda: client.acl_setuser("u", enabled=True, passwords=["+p"], keys=["k*"], commands=["+get"]))
    step("acl user", lambda: client.acl_getuser("u"))
    user = redis.Redis(port=PORT, username="u", password="p")
    step("no permission", lambda: user.set("k", 1))
    step("no key", lambda: user.get("x"))
    step("acl log", lambda: [[e["reason"], e["object"], e["username"]] for e in client.acl_log()])
    user.connection_pool.disconnect()
    step("config", lambda: [client.config_set("maxmemory", "10mb"), client.config_get("maxmemory"), client.config_set("maxmemory", 0)])
    step("client info", lambda: sorted(client.client_info()))
    step("role", client.role)
    with client.monitor() as monitor:
        other.set("m", 'a"\x01')
        step("monitor", lambda: monitor.next_command()["command"])


def channels():
    pubsub = client.pubsub()
    pubsub.subscribe("a")
    pubsub.psubscribe("a*")
    step("subscribed", lambda: messages(pubsub, 2))
    step("publish", lambda: client.publish("a", "x"))
    step("messages", lambda: messages(pubsub, 2))
    step("pubsub", lambda: [client.pubsub_channels(), client.pubsub_numpat(), client.pubsub_numsub("a")])
    pubsub.close()


def connections():
    """What the library finds where another client has killed its connection: the end, as soon as the killer knows."""
    stale = 0
    for _ in range(50):
        victim = redis.connection.Connection(port=PORT)
        victim.connect()
        victim.send_command("CLIENT", "ID")
        client.client_kill_filter(_id=victim.read_response())
        stale += not select.select([victim._sock], [], [], 0)[0]
        victim.disconnect()
    print(f"killed connections that looked alive: {stale}")
    blocked = redis.Redis(port=PORT, single_connection_client=True)
    number = blocked.client_id()
    thread = threading.Thread(target=lambda: step("unblocked", lambda: blocked.blpop("never", 8)))
    thread.start()
    while not client.client_unblock(number, error=True):
        time.sleep(0.01)
    thread.join()


for part in (values, pipelines, scripts_and_locks, server_commands, channels, connections):
    part()
