# `make`, then `make install DESTDIR= PREFIX=` as root. Nothing is built here, so that root needs no build root of its own.
PREFIX ?= /usr/local
BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib
SHAREDIR = $(PREFIX)/share

# FROM:TO:MODE, by what it is for: programs and their papers; the server's unit; what images and boot files are made of.
INSTALLED = \
	build/signet:$(BINDIR)/signet:755 build/signetd:$(BINDIR)/signetd:755 \
	build/signet.1:$(SHAREDIR)/man/man1/signet.1:644 build/signetd.8:$(SHAREDIR)/man/man8/signetd.8:644 \
	build/signetd.ini.5:$(SHAREDIR)/man/man5/signetd.ini.5:644 \
	build/signet.bash:$(SHAREDIR)/bash-completion/completions/signet:644 \
	signetd/install/completion.bash:$(SHAREDIR)/bash-completion/completions/signetd:644 \
	signetd/install/signetd.service:$(LIBDIR)/systemd/system/signetd.service:644 \
	signetd/install/sysusers.conf:$(LIBDIR)/sysusers.d/signetd.conf:644 \
	signetd/install/tmpfiles.conf:$(LIBDIR)/tmpfiles.d/signetd.conf:644 \
	$(foreach f,stage.elf grub.cfg grub.modules hv.bin service/vmlinuz service/initramfs, \
		build/$f:$(LIBDIR)/signet/$(notdir $f):644) \
	LICENSE:$(SHAREDIR)/doc/signet/LICENSE:644 README.md:$(SHAREDIR)/doc/signet/README.md:644 \
	SECURITY.md:$(SHAREDIR)/doc/signet/SECURITY.md:644 \
	$(foreach f,$(wildcard docs/*.md docs/*.yaml),$f:$(SHAREDIR)/doc/signet/$f:644)
installed_from = $(word 1,$(subst :, ,$1))
installed_to = $(DESTDIR)$(word 2,$(subst :, ,$1))
installed_mode = $(word 3,$(subst :, ,$1))
INSTALLED_FROM = $(foreach i,$(INSTALLED),$(call installed_from,$i))

.PHONY: install uninstall
install:
	@for f in $(INSTALLED_FROM); do \
		[ -e $$f ] || { echo "install: $$f is not there: run make first" >&2; exit 1; }; done
	@$(foreach i,$(INSTALLED),install -D -m $(call installed_mode,$i) $(call installed_from,$i) '$(call installed_to,$i)' &&) :
	@sed -i 's|@BINDIR@|$(BINDIR)|' '$(DESTDIR)$(LIBDIR)/systemd/system/signetd.service'
	@echo 'installed below $(DESTDIR)$(PREFIX); a new fleet server: docs/operations.md'

uninstall:
	@rm -f $(foreach i,$(INSTALLED),'$(call installed_to,$i)')
	@rmdir -p --ignore-fail-on-non-empty $(sort $(foreach i,$(INSTALLED),$(patsubst %/,'%',$(dir $(call installed_to,$i))))) 2>/dev/null || :
