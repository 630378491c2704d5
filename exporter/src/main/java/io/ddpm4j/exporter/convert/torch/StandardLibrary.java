package io.ddpm4j.exporter.convert.torch;

import java.util.Set;

/**
 * The modules that come with Python. A pickle that only names a class or a function of one, even
 * without a call, has no reason that has to do with weights: what frameworks leave in a checkpoint
 * beside these is of their own modules. Modules whose classes are data alone, such as {@code
 * typing}, which configurations refer to, are not among them.
 */
final class StandardLibrary {
  private StandardLibrary() {}

  /** Top-level modules of Python 2.7 to 3.14, without those of data; sorted. */
  private static final Set<String> MODULES =
      Set.of(
          """
          aifc antigravity array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii
          bisect builtins bz2 cPickle cProfile cStringIO calendar cgi cgitb chunk cmath cmd code
          codecs codeop colorsys commands compileall concurrent configparser contextlib
          contextvars copy copy_reg copyreg crypt csv ctypes curses dbm difflib dis distutils
          doctest dummy_threading email encodings ensurepip errno exceptions faulthandler fcntl
          filecmp fileinput fnmatch ftplib functools gc genericpath getopt getpass gettext glob
          graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib
          inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
          mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing
          netrc nis nntplib nt ntpath nturl2path opcode operator optparse os os2 ossaudiodev pdb
          pickle pickletools pipes pkgutil platform plistlib popen2 poplib posix posixpath pprint
          profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re
          readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex
          shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
          sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau
          symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap
          this thread threading time timeit tkinter token tokenize tomllib trace traceback
          tracemalloc tty turtle turtledemo types unicodedata unittest urllib uu venv warnings
          wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile
          zipimport zlib zoneinfo
          """
              .trim()
              .split("\\s+"));

  /**
   * Whether a module is one of these, or inside of one. Those whose names begin with an underscore
   * are parts of Python, but for the program itself, {@code __main__}.
   */
  static boolean contains(String module) {
    int dot = module.indexOf('.');
    String top = dot < 0 ? module : module.substring(0, dot);
    return MODULES.contains(top) || top.startsWith("_") && !top.equals("__main__");
  }
}
