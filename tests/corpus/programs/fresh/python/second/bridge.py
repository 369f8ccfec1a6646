# truth: {"kind":["pool_exhaustion","lost_signal","stalled_holder"],"waiting":["result","fetch","handler"],"unsure":true}
import asyncio, faulthandler, signal

faulthandler.register(signal.SIGUSR1, all_threads=True)


async def load(key):
    await asyncio.sleep(0)
    return key


def fetch(loop, key):
    return asyncio.run_coroutine_threadsafe(load(key), loop).result()


async def handler():
    loop = asyncio.get_running_loop()
    return fetch(loop, "a")


asyncio.run(handler())
