# yyjson as a static library, from Debian's source package: programs that are one file need it so.
# Their code, their warnings.
$(B)/yyjson.o: $(YYJSON)/yyjson.c mk/yyjson.mk
	@mkdir -p $(@D)
	$(call echo_step,CC,yyjson.c)
	$(Q)$(CC) -std=c17 -O2 -fPIE -fstack-protector-strong -ffile-prefix-map=$(YYJSON)=yyjson -c $< -o $@

$(B)/libyyjson.a: $(B)/yyjson.o
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^
