throw new Error('The licence has expired.')
