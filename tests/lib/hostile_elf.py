#!/usr/bin/env python3
"""hostile_elf.py DIRECTORY [NAME] -- writes libraries (or that one) whose ELF and DWARF were made to hurt a reader.

One file NAME.so each, with code at 0x1000.  What each is after stands at its function.  Made by hand,
byte by byte: no tool writes such things.
"""
import lzma
import os
import struct
import sys
import zlib

TEXT, TEXT_SIZE = 0x1000, 0x400
PROGBITS, SYMTAB, STRTAB, NOBITS = 1, 2, 3, 8
COMPRESSED = 0x800
(TAG_CU, TAG_SUBPROGRAM, TAG_INLINED, TAG_BLOCK, TAG_NAMESPACE, TAG_STRUCT, TAG_IMPORTED) = (
    0x11, 0x2e, 0x1d, 0x0b, 0x39, 0x13, 0x3d)
(SIBLING, NAME, STMT_LIST, LOW, HIGH, LANGUAGE, ORIGIN, SPEC, RANGES, IMPORT, LINKAGE) = (
    0x01, 0x03, 0x10, 0x11, 0x12, 0x13, 0x31, 0x47, 0x55, 0x18, 0x6e)
ADDR, DATA2, DATA4, DATA8, STRING, REF4, SEC_OFFSET, INDIRECT, STRP_ALT = (
    0x01, 0x05, 0x06, 0x07, 0x08, 0x13, 0x17, 0x16, 0x1f21)


class Elf:
    """Sections in the order they are added; no program headers."""

    def __init__(self):
        self.sections = []  # name, type, flags, address, data, size, link, entry size

    def add(self, name, data, kind=PROGBITS, flags=0, address=0, size=None, link=0, entry=0):
        self.sections.append([name, kind, flags, address, data, size, link, entry])
        return len(self.sections)  # its index

    def bytes(self, header_count=None, holes=0):
        names = b'\0' + b''.join(s[0].encode() + b'\0' for s in self.sections) + b'.shstrtab\0'
        sections = self.sections + [['.shstrtab', STRTAB, 0, 0, names, None, 0, 0]]
        body, heads, name_at = b'', [b'\0' * 64], 1
        for name, kind, flags, address, data, size, link, entry in sections:
            body += b'\0' * (-len(body) % 16)
            heads.append(struct.pack('<IIQQQQIIQQ', name_at, kind, flags, address, 64 + len(body),
                                     len(data) if size is None else size, link, 0, 16, entry))
            name_at += len(name) + 1
            body += data
        body += b'\0' * (-len(body) % 16)
        count = len(heads) if header_count is None else header_count
        head = b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack(
            '<HHIQQQIHHHHHH', 3, 62, 1, TEXT, 0, 64 + len(body), 0, 64, 0, 0, 64, count,
            len(heads) - 1)
        return head + body + b''.join(heads)


def uleb(value):
    out = b''
    while True:
        byte, value = value & 0x7f, value >> 7
        out += bytes([byte | (0x80 if value else 0)])
        if not value:
            return out


def abbrev(code, tag, children, *pairs):
    return (uleb(code) + uleb(tag) + bytes([children]) +
            b''.join(uleb(attribute) + uleb(form) for attribute, form in pairs) + b'\0\0')


def unit(dies, abbrev_at=0, version=4):
    body = struct.pack('<HIB', version, abbrev_at, 8) + dies
    return struct.pack('<I', len(body)) + body


UNIT_HEAD = 11  # bytes before the first DIE
CU = abbrev(1, TAG_CU, 1, (LANGUAGE, DATA2), (LOW, ADDR), (HIGH, DATA8))
CU_DIE = b'\1' + struct.pack('<HQQ', 4, TEXT, TEXT_SIZE)  # C++
FUNCTION = abbrev(2, TAG_SUBPROGRAM, 1, (NAME, STRING), (LOW, ADDR), (HIGH, DATA8))
FUNCTION_DIE = b'\2f\0' + struct.pack('<QQ', TEXT, TEXT_SIZE)


def library(info=b'', abbrevs=b'', **more):
    elf = Elf()
    elf.add('.text', b'\x90' * TEXT_SIZE, flags=6, address=TEXT)
    if info:
        elf.add('.debug_info', info)
        elf.add('.debug_abbrev', abbrevs + b'\0')
    for name, data in more.items():
        elf.add('.' + name, data)
    return elf


def plain():
    """Nothing is wrong with this one."""
    return library(unit(CU_DIE + FUNCTION_DIE + b'\0\0\0'), CU + FUNCTION).bytes()


def sibling_loop():
    """A function whose next sibling is itself."""
    here = UNIT_HEAD + len(CU_DIE)
    loop = abbrev(3, TAG_SUBPROGRAM, 1, (SIBLING, REF4), (NAME, STRING))
    return library(unit(CU_DIE + b'\3' + struct.pack('<I', here) + b'g\0' + b'\0\0\0'),
                   CU + loop).bytes()


def sibling_back():
    """Two entries, of which the second's sibling is the first."""
    here = UNIT_HEAD + len(CU_DIE)
    loop = abbrev(3, TAG_NAMESPACE, 1, (SIBLING, REF4))
    first = b'\3' + struct.pack('<I', here + 6) + b'\0'
    second = b'\3' + struct.pack('<I', here) + b'\0'
    return library(unit(CU_DIE + first + second + b'\0'), CU + loop).bytes()


def child_loop():
    """Its sibling reference leads into its own children."""
    here = UNIT_HEAD + len(CU_DIE)
    loop = abbrev(3, TAG_STRUCT, 1, (SIBLING, REF4))
    dies = b''.join(b'\3' + struct.pack('<I', here) for _ in range(2000))
    return library(unit(CU_DIE + dies + b'\0' * 2001), CU + loop).bytes()


def origin_loop():
    """A function that is an instance of itself, and one of each other."""
    here = UNIT_HEAD + len(CU_DIE)
    loop = abbrev(3, TAG_SUBPROGRAM, 0, (ORIGIN, REF4), (SPEC, REF4), (LOW, ADDR), (HIGH, DATA8))
    dies = b'\3' + struct.pack('<IIQQ', here, here + 25, TEXT, 0x200)
    dies += b'\3' + struct.pack('<IIQQ', here, here, TEXT + 0x200, 0x200)
    return library(unit(CU_DIE + dies + b'\0'), CU + loop).bytes()


def import_loop():
    """A unit that imports itself."""
    loop = abbrev(3, TAG_IMPORTED, 0, (IMPORT, REF4))
    return library(unit(CU_DIE + (b'\3' + struct.pack('<I', UNIT_HEAD)) * 5000 + b'\0'),
                   CU + loop).bytes()


def indirect_chain():
    """A form that says: the form comes next; a hundred thousand times."""
    loop = abbrev(3, TAG_SUBPROGRAM, 0, (NAME, INDIRECT))
    return library(unit(CU_DIE + b'\3' + bytes([INDIRECT]) * 100000 + bytes([STRING]) + b'h\0\0'),
                   CU + loop).bytes()


def deep_tree(tag, name):
    """Blocks in blocks in blocks."""
    deep = abbrev(3, tag, 1, (LOW, ADDR), (HIGH, DATA8))
    dies = (b'\3' + struct.pack('<QQ', TEXT, TEXT_SIZE)) * 50000
    return library(unit(CU_DIE + FUNCTION_DIE + dies + b'\0' * 50003), CU + FUNCTION + deep).bytes()


def wide_tree():
    """A quarter of a million functions at one place, each to be skipped."""
    flat = abbrev(3, TAG_SUBPROGRAM, 0, (LOW, ADDR), (HIGH, DATA4))
    return library(unit(CU_DIE + (b'\3' + struct.pack('<QI', TEXT, TEXT_SIZE)) * 250000 + b'\0'),
                   CU + flat).bytes()


def many_abbrevs():
    """Abbreviations that nobody uses, half a million, for each of many units."""
    table = b''.join(abbrev(100 + i, TAG_SUBPROGRAM, 0) for i in range(300000))
    return library(unit(CU_DIE + b'\0') * 2000, CU + table).bytes()


def shared_ranges():
    """Thousands of units, all with the same long list of ranges."""
    cu = abbrev(1, TAG_CU, 0, (LOW, ADDR), (RANGES, SEC_OFFSET))
    ranges = b''.join(struct.pack('<QQ', i, TEXT_SIZE) for i in range(8000)) + b'\0' * 16
    return library(unit(b'\1' + struct.pack('<QI', TEXT, 0)) * 8000, cu,
                   debug_ranges=ranges).bytes()


def line_program(program, version=4):
    head = (b'\1\1\1\xfb\x0e\x0d' + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + b'\0' +
            b'a.c\0\0\0\0' + b'\0')
    body = struct.pack('<HI', version, len(head)) + head + program
    return struct.pack('<I', len(body)) + body


def line_cu(lines):
    cu = abbrev(1, TAG_CU, 0, (LOW, ADDR), (HIGH, DATA8), (STMT_LIST, SEC_OFFSET))
    return library(unit(b'\1' + struct.pack('<QQI', TEXT, TEXT_SIZE, 0)), cu,
                   debug_line=lines).bytes()


def many_lines():
    """A line for each byte of half a megabyte."""
    return line_cu(line_program(b'\0\x09\2' + struct.pack('<Q', TEXT) + b'\x14' * 500000 +
                                b'\0\1\1'))


def overlapping_lines():
    """Sequences of lines, all of which begin at the same address, in falling order."""
    sequence = (b'\0\x09\2' + struct.pack('<Q', TEXT) + b'\x14\x14' +
                b'\0\x09\2' + struct.pack('<Q', TEXT) + b'\x14\0\1\1')
    return line_cu(line_program(sequence * 8000))


def line_header_lies():
    """A line table whose directory count, in version 5, is beyond all bounds."""
    head = b'\1\1\1\1\xfb\x0e\x0d' + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    head += b'\1\1\x08' + uleb(1 << 60) + b'x\0'
    body = struct.pack('<HBBI', 5, 8, 0, len(head)) + head
    return line_cu(struct.pack('<I', len(body)) + body)


def compressed(data, size, name='.debug_info'):
    elf = Elf()
    elf.add('.text', b'\x90' * TEXT_SIZE, flags=6, address=TEXT)
    elf.add(name, struct.pack('<IIQQ', 1, 0, size, 1) + data, flags=COMPRESSED)
    elf.add('.debug_abbrev', CU + b'\0')
    return elf


def bomb_claimed():
    """A compressed section that claims to be of a terabyte."""
    return compressed(zlib.compress(b'\0' * 1000), 1 << 40).bytes()


def bomb_real():
    """Sections that do unpack to a hundred megabytes each."""
    packer = zlib.compressobj(1)
    data = b''.join(packer.compress(b'\0' * (1 << 20)) for _ in range(100)) + packer.flush()
    elf = compressed(data, 100 << 20)
    for name in ('.debug_str', '.debug_line', '.debug_ranges'):
        elf.add(name, struct.pack('<IIQQ', 1, 0, 100 << 20, 1) + data, flags=COMPRESSED)
    return elf.bytes()


def bomb_unfit():
    """A section whose claim is sane for a file of its size, and that unpacks to more than reading it may
    take: there is a symbol, too, so that names could be had without the section."""
    elf = compressed(zlib.compress(b'\0' * 1000) + os.urandom(1 << 20), 340 << 20)
    elf.add('.padding', os.urandom(4 << 20))
    data = b'\0' * 24 + struct.pack('<IBBHQQ', 1, 0x12, 0, 1, TEXT, TEXT_SIZE)
    elf.add('.symtab', data, kind=SYMTAB, link=len(elf.sections) + 2, entry=24)
    elf.add('.strtab', b'\0half\0', kind=STRTAB)
    return elf.bytes()


def bomb_within():
    """Sections that stay just within what is taken for sane: sixty megabytes, of one unit."""
    dies = unit(CU_DIE + FUNCTION_DIE * 3000000 + b'\0')
    return compressed(zlib.compress(dies, 1), len(dies)).bytes()


def bomb_mini():
    """MiniDebugInfo that unpacks to a hundred megabytes."""
    packer = lzma.LZMACompressor(preset=0)
    data = b''.join(packer.compress(b'\0' * (1 << 20)) for _ in range(100)) + packer.flush()
    return library(gnu_debugdata=data).bytes()


def giant_section():
    """A section said to be larger than anything."""
    elf = library(unit(CU_DIE + b'\0'), CU)
    elf.add('.debug_line', b'', size=1 << 62)
    elf.add('.debug_str', b'', kind=NOBITS, size=(1 << 64) - 1)
    return elf.bytes()


def many_sections():
    """Sixty-five thousand section headers, of which the file has five."""
    return library(unit(CU_DIE + b'\0'), CU).bytes(header_count=0xfeff)


def symbols(entries, strings, entry_size=24):
    elf = Elf()
    text = elf.add('.text', b'\x90' * TEXT_SIZE, flags=6, address=TEXT)
    data = b'\0' * 24 + b''.join(struct.pack('<IBBHQQ', name, 0x12, 0, text, value, size)
                                 for name, value, size in entries)
    elf.add('.symtab', data, kind=SYMTAB, link=text + 2, entry=entry_size)
    elf.add('.strtab', strings, kind=STRTAB)
    return elf.bytes()


def overlapping_symbols():
    """Symbols that all but the last end before the address, behind one that covers everything."""
    return symbols([(1, 1, 1 << 40)] + [(1, TEXT - 10, 1)] * 60000, b'\0many\0')


def mangled_bomb():
    """f(pair<int, int>, pair<that, that>, pair<that, that> ...): twice as long with each."""
    ids = ['S%s_' % ('' if i == 0 else base36(i - 1)) for i in range(60)]
    name = '_Z1fSt4pairIiiE' + ''.join('S_I%s%sE' % (ids[i + 1], ids[i + 1]) for i in range(40))
    return symbols([(1, TEXT, TEXT_SIZE)], b'\0' + name.encode() + b'\0')


def base36(value):
    digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    return digits[value] if value < 36 else base36(value // 36) + digits[value % 36]


def long_name():
    """A name of a megabyte."""
    return symbols([(1, TEXT, TEXT_SIZE)], b'\0_Z' + b'N' * (1 << 20) + b'\0')


def evil_names():
    """Terminal escapes, HTML, format strings, half characters, and marks that turn text."""
    return symbols([(1, TEXT, TEXT_SIZE)],
                   b'\0EVIL\x1b]0;owned\x07\x1b[2J\x9b<script>alert(1)</script>%s%n\xc2\x9b2J\xe2\x80\xae\xc3"\n,=1+1;|`\r\0')


def fifo_alternate(directory):
    """Debug information whose other half is a FIFO."""
    fifo = os.path.join(os.path.abspath(directory), 'fifo')
    if not os.path.exists(fifo):
        os.mkfifo(fifo)
    return alternate(fifo)


def device_alternate(directory):
    """... or a device."""
    return alternate(os.path.join(os.path.abspath(directory), 'device'))


def alternate(path):
    alt = abbrev(2, TAG_SUBPROGRAM, 0, (NAME, STRP_ALT), (LOW, ADDR), (HIGH, DATA8))
    elf = library(unit(CU_DIE + b'\2' + struct.pack('<IQQ', 0, TEXT, TEXT_SIZE) + b'\0'), CU + alt)
    elf.add('.gnu_debugaltlink', path.encode() + b'\0' + b'\x11' * 20)
    return elf.bytes()


def holes(directory):
    """A file of a terabyte, all of it holes but for its head."""
    path = os.path.join(directory, 'holes.so')
    elf = library(unit(CU_DIE + FUNCTION_DIE + b'\0\0'), CU + FUNCTION)
    elf.add('.debug_str', b'', size=1 << 39)
    elf.add('.debug_types', b'', size=1 << 39)
    with open(path, 'wb') as out:
        out.write(elf.bytes())
        try:
            out.truncate(1 << 40)
        except OSError:
            out.truncate(1 << 31)
    return None


SAMPLES = {
    'plain': plain, 'sibling-loop': sibling_loop, 'sibling-back': sibling_back,
    'child-loop': child_loop, 'origin-loop': origin_loop, 'import-loop': import_loop,
    'indirect-chain': indirect_chain, 'deep-blocks': lambda: deep_tree(TAG_BLOCK, 'blocks'),
    'deep-inlined': lambda: deep_tree(TAG_INLINED, 'inlined'),
    'deep-functions': lambda: deep_tree(TAG_SUBPROGRAM, 'functions'),
    'deep-namespaces': lambda: deep_tree(TAG_NAMESPACE, 'namespaces'), 'wide-tree': wide_tree,
    'many-abbrevs': many_abbrevs, 'shared-ranges': shared_ranges, 'many-lines': many_lines,
    'overlapping-lines': overlapping_lines, 'line-header-lies': line_header_lies,
    'bomb-claimed': bomb_claimed, 'bomb-real': bomb_real, 'bomb-unfit': bomb_unfit, 'bomb-within': bomb_within,
    'bomb-mini': bomb_mini, 'giant-section': giant_section, 'many-sections': many_sections,
    'overlapping-symbols': overlapping_symbols, 'mangled-bomb': mangled_bomb,
    'long-name': long_name, 'evil-names': evil_names,
}
PLACED = {'fifo-alternate': fifo_alternate, 'device-alternate': device_alternate, 'holes': holes}


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    wanted = sys.argv[2:] or list(SAMPLES) + list(PLACED)
    made = [(name, make()) for name, make in SAMPLES.items() if name in wanted]
    made += [(name, make(directory)) for name, make in PLACED.items() if name in wanted]
    for name, data in made:
        if data is not None:
            with open(os.path.join(directory, name + '.so'), 'wb') as out:
                out.write(data)


if __name__ == '__main__':
    main()
