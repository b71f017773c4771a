print("daybreak")
