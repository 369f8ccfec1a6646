# truth: {"kind":["pool_exhaustion"],"waiting":["result","thumbnails","map"]}
import concurrent.futures, faulthandler, signal

faulthandler.register(signal.SIGUSR1, all_threads=True)
executor = concurrent.futures.ThreadPoolExecutor(max_workers=3, thread_name_prefix="images")


def scale(image, size):
    return (image, size)


def thumbnails(image):
    futures = [executor.submit(scale, image, size) for size in (16, 32, 64)]
    return [f.result() for f in concurrent.futures.as_completed(futures)]


def gallery(images):
    return list(executor.map(thumbnails, images))


print(gallery(range(9)))
