import threading

x = 1
threading.Thread(target=threading.Event().wait).start()
