def validate(): pass
def check(): pass
def verify_document(): pass
