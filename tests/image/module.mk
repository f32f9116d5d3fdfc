# The commands on images, boot files and flash disks, through the program itself. ONLY='words' runs what they match.
.PHONY: check-image
check-image: $(B)/signet $(B)/stage.elf $(B)/payload.bin
	@ONLY='$(ONLY)' tests/tap image 'python3 -B tests/image/images.py' 'python3 -B tests/image/signing.py' \
		'python3 -B tests/image/forecast.py' 'python3 -B tests/image/boot_files.py' 'python3 -B tests/image/disks.py' \
		'python3 -B tests/image/devices.py'
